from django.urls import path

from . import views
from .feeds import PostsFeed

app_name = "blog"

urlpatterns = [
    path("blog/feed/", PostsFeed(), name="feed"),
    path("blog/topics/<slug:slug>/", views.topic, name="topic"),
    path("blog/authors/<slug:slug>/", views.author, name="author"),
    path("blog/<slug:slug>/share.png", views.share_picture, name="share_picture"),
    path("blog/<slug:slug>/", views.post, name="post"),
    path("search/", views.search, name="search"),
]
