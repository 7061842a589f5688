"""Staff add a picture, on the site of this environment. Prints what they are told."""

import django


def main() -> None:
    django.setup()
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415  they need Django
    from django.test import Client  # noqa: PLC0415
    from django.utils.html import strip_tags  # noqa: PLC0415
    from wagtail.images.tests.utils import get_test_image_file  # noqa: PLC0415
    from wagtail.models import Collection  # noqa: PLC0415

    from clinic.models import User  # noqa: PLC0415
    from clinic.sign_in.second_factor import has_second_factor  # noqa: PLC0415
    from tests.authenticator import give_app  # noqa: PLC0415

    drawn = get_test_image_file(size=(400, 400)).file.getvalue()
    client = Client(raise_request_exception=False, headers={"host": "localhost", "x-forwarded-proto": "https"})
    owner = User.objects.get(username="owner")
    if not has_second_factor(owner):
        give_app(owner)  # nobody gets into the admin without one
    client.force_login(owner)
    form = {"title": "A square", "description": "A square", "collection": Collection.get_first_root_node().pk}
    answer = client.post("/admin/images/add/", form | {"file": SimpleUploadedFile("square.png", drawn)})
    main = strip_tags(answer.text.partition("<main")[2])
    is_added = answer.headers.get("Location") == "/admin/images/"
    print("added" if is_added else f"{answer.status_code}: {' '.join(main.split())}")


if __name__ == "__main__":
    main()
