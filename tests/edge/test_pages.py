"""What a reader gets from the edge: fast, fresh, and the same for everyone."""

import gzip
import http.client
import ssl
import time

import pytest

from dev.processes import Group, free_port, is_free
from leads import tokens
from tests.e2e.pages import POST
from tests.edge.site import BROWSER, EdgeSite
from tests.smtp import wait_for

TITLE = "UPDATE wagtailcore_page SET seo_title = %s WHERE url_path LIKE %s"


def cache(answer):
    return answer.headers.get("x-cache")


def was_kept(answer):
    """On a busy machine it may be a moment old already, or just be fetched anew."""
    return cache(answer) in ("HIT", "STALE", "UPDATING", "REVALIDATED", "EXPIRED")


def title(site, path, **headers):
    return site.ask(path, **headers).text.partition("<title>")[2].partition("</title>")[0]


def test_browsers_speak_http_2_over_tls(site):
    context = ssl.create_default_context(cafile=f"{site.env['CERTIFICATE_DIR']}/fullchain.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    with site.connect(context=context) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_is_refused(site):
    context = ssl.create_default_context(cafile=f"{site.env['CERTIFICATE_DIR']}/fullchain.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        site.connect(context=context)


def test_without_tls_a_visitor_is_sent_to_the_same_page_with_it(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.http_port)
    connection.request("GET", "/blog/?page=2", headers={"Host": "somewhere.example"})
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"{site.url}/blog/?page=2")
    connection.close()


def test_a_name_that_is_not_ours_gets_no_page(site):
    assert site.ask("/", Host="somewhere.example").status == 421


def test_a_page_is_kept_as_the_application_compressed_it(site):
    def is_the_same_page() -> bool:
        """Both from the cache, unless what the page tells of the clinic has just changed."""
        time.sleep(0.5)  # who asks more often is slowed down
        kept, plain = site.ask("/about/", **BROWSER), site.ask("/about/")
        assert kept.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        return was_kept(kept) and was_kept(plain) and gzip.decompress(kept.body) == plain.body

    wait_for(is_the_same_page)
    assert was_kept(site.ask("/about/", Accept_Encoding="gzip;q=0, identity"))


def test_browsers_that_list_their_encodings_differently_share_one_page(site):
    site.ask("/contact/", Accept_Encoding="gzip")
    assert was_kept(site.ask("/contact/", Accept_Encoding="br;q=1.0, gzip;q=0.8, *;q=0.1"))


def test_a_query_that_changes_nothing_makes_no_page_of_its_own(site):
    site.ask("/workshops/")
    for query in ("utm_source=letter&fbclid=1", "page=<script>", "v=2", "PAGE=x&b=c", "?"):
        assert was_kept(site.ask(f"/workshops/?{query.replace('<', '%3C')}")), query


def test_each_page_of_a_list_is_kept_by_its_number(site):
    first, second = site.ask("/blog/"), site.ask("/blog/?page=2&utm_source=x")
    assert first.body != second.body
    assert site.ask("/blog/?page=2").body == second.body
    assert was_kept(site.ask("/blog/?fbclid=y&page=2"))


def test_the_campaign_of_a_link_survives_the_redirect_to_the_page(site):
    answer = site.ask(f"{POST.removesuffix('/')}?utm_source=letter&utm_medium=mail")
    assert answer.status == 301
    assert answer.headers["location"] == f"{POST}?utm_source=letter&utm_medium=mail"


def test_a_form_on_a_kept_page_still_knows_the_campaign_that_led_there(site):
    form = {"email": "reader@example.com"}
    answer = site.ask("/newsletter/", form=form, Referer=f"{site.url}{POST}?utm_source=letter&x=y")
    assert (answer.status, answer.headers["location"]) == (302, "/newsletter/thanks/")
    asked = site.execute("SELECT source_path, campaign FROM leads_submission WHERE kind = 'newsletter'")
    assert asked == [(POST, {"utm_source": "letter"})]


@pytest.mark.parametrize(
    "path",
    ["/assessment/", "/admin/login/", "/search/?q=sciatica", "/email/confirm/x/", "/r/x/", "/workshops/watch/x/"],
)
def test_what_is_for_one_person_is_never_kept(site, path):
    assert [cache(site.ask(path)) for _ in range(2)] == [None, None]


def test_what_is_sent_is_never_kept(site):
    for email in ("one@example.com", "two@example.com"):
        assert site.ask("/newsletter/", form={"email": email}).status == 302
    assert site.execute("SELECT count(*) FROM leads_contact WHERE email IN ('one@example.com', 'two@example.com')") == [
        (2,)
    ]


def test_a_page_that_does_not_exist_is_asked_for_again(site):
    assert [cache(site.ask("/no/such/page/")) for _ in range(2)] == ["MISS", "MISS"]


def test_staff_see_at_once_what_they_have_changed(site):
    assert "Blogs" not in title(site, "/blog/")
    site.execute(TITLE, "Blogs", "%/blog/")
    assert "Blogs" in title(site, "/blog/", Cookie=f"__Host-session={32 * 'x'}")
    assert "Blogs" in title(site, "/blog/")  # and so does everyone after them


def test_a_change_is_public_within_ten_seconds_for_many_readers_and_for_one(site):
    busy, quiet = "/privacy/", "/accessibility/"
    site.ask(busy), site.ask(quiet)
    changed = time.monotonic()
    for path in (busy, quiet):
        site.execute(TITLE, "Changed", f"%{path}")
    while "Changed" not in title(site, busy):
        assert time.monotonic() < changed + 10
        time.sleep(0.2)
    time.sleep(max(0, changed + 10 - time.monotonic()))
    assert "Changed" in title(site, quiet)


def test_a_picture_that_the_edge_cannot_see_comes_from_the_application_and_is_kept(site, tmp_path):
    """As from a bucket. The first edge sees the folder, this one does not."""
    (site.folder / "media/images").mkdir(exist_ok=True)
    (site.folder / "media/images/far.webp").write_bytes(b"RIFF")
    (tmp_path / "log").mkdir()
    port = free_port()
    env = site.env | {
        "EDGE_DIR": str(tmp_path / "edge"),
        "PICTURES_DIR": str(tmp_path),
        "ACCESS_LOG": str(tmp_path / "access"),
        "HTTPS_LISTEN": f"127.0.0.1:{port}",
        "HTTP_LISTEN": f"127.0.0.1:{free_port()}",
        "STATUS_PORT": str(free_port()),
    }
    with Group() as services:
        other = EdgeSite(tmp_path, site.servers, services, site.smtp, env)
        other.start("edge")
        wait_for(lambda: not is_free(port))
        answers = [other.ask("/media/images/far.webp") for _ in range(2)]
        assert other.ask("/media/images/none.webp").status == 404
    for answer in answers:
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"RIFF", "image/webp")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert [cache(answer) for answer in answers] == ["MISS", "HIT"]


def test_a_film_is_given_in_the_pieces_that_a_player_asks_for(site):
    ((page,),) = site.execute("SELECT page_ptr_id FROM leads_workshoppage WHERE video_id IS NOT NULL")
    form = {"email": "viewer@example.com", "page": tokens.make_token(tokens.WORKSHOP_FORM, page)}
    assert site.ask("/workshops/request/", form=form).status == 302
    ((asked,),) = site.execute("SELECT id FROM leads_submission WHERE kind = 'workshop'")
    film = f"/workshops/watch/{tokens.make_token(tokens.WORKSHOP, asked)}/video.mp4"
    piece = site.ask(film, Range="bytes=100-199")
    assert (piece.status, len(piece.body)) == (206, 100)
    assert piece.headers["content-range"].startswith("bytes 100-199/")
    whole = site.ask(film)
    assert whole.body[100:200] == piece.body
