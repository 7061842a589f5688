"""Staff add a picture, on the site of this environment. Prints what they are told."""

import django


def main() -> None:
    django.setup()
    from django.test import Client  # noqa: PLC0415  it needs Django
    from django.utils.html import strip_tags  # noqa: PLC0415
    from wagtail.images.tests.utils import get_test_image_file  # noqa: PLC0415

    from clinic.models import User  # noqa: PLC0415

    client = Client(raise_request_exception=False, headers={"host": "localhost", "x-forwarded-proto": "https"})
    client.force_login(User.objects.get(username="owner"))
    form = {"title": "A square", "description": "A square", "file": get_test_image_file(size=(400, 400))}
    answer = client.post("/admin/images/add/", form)
    print("added" if answer.status_code == 302 else strip_tags(answer.text))


if __name__ == "__main__":
    main()
