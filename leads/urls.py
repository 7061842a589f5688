from django.urls import path, re_path

from .views import assessment, data_label, email, mail_events, metrics, privacy, proof, request, short, watch

app_name = "leads"
REFERENCE = "(?P<reference>[2-9A-HJ-NP-Z]{8})"  # as `new_reference` makes them

urlpatterns = [
    path("metrics", metrics.metrics),
    path("assessment/", assessment.assessment, name="assessment"),
    re_path(rf"^assessment/thanks/{REFERENCE}/$", assessment.thanks, name="thanks"),
    path("newsletter/", short.newsletter, name="newsletter"),
    path("newsletter/thanks/", short.sent("leads/newsletter_thanks.html"), name="newsletter_thanks"),
    path("proof/", proof.proof, name="proof"),
    path("guides/request/", short.guide, name="request_guide"),
    path("guides/thanks/", short.sent("leads/guide_thanks.html"), name="guide_thanks"),
    path("workshops/request/", short.workshop, name="request_workshop"),
    path("workshops/thanks/", short.sent("leads/workshop_thanks.html"), name="workshop_thanks"),
    path("workshops/watch/<str:token>/", watch.watch, name="watch"),
    path("workshops/watch/<str:token>/video.mp4", watch.video, name="watch_video"),
    path("workshops/watch/<str:token>/captions.vtt", watch.captions, name="watch_captions"),
    path("workshops/watch/<str:token>/chapters.vtt", watch.chapters, name="watch_chapters"),
    path("privacy/data/", data_label.data_label, name="data_label"),
    path("email/confirm/<str:token>/", email.confirm, name="confirm"),
    path("email/preferences/<str:token>/", email.preferences, name="preferences"),
    path("email/unsubscribe/<str:token>/", email.stop, name="unsubscribe"),
    path("email/events/<slug:provider>/", mail_events.mail_events, name="mail_events"),
    path("r/<str:token>/", request.own_page, name="request"),
    path("r/<str:token>/stop/", request.stop_mails, name="request_stop"),
    path("r/<str:token>/data/", request.data, name="request_data"),
    path("r/<str:token>/erase/", request.erase, name="request_erase"),
    path("r/<str:token>/privacy/", privacy.privacy, name="request_privacy"),
    re_path(rf"^r/(?P<token>[^/]+)/privacy/{REFERENCE}/appeal/$", privacy.appeal_refusal, name="request_appeal"),
]
