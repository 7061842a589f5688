from django.urls import path

from . import views

app_name = "blog"

urlpatterns = [
    path("blog/topics/<slug:slug>/", views.topic, name="topic"),
    path("blog/authors/<slug:slug>/", views.author, name="author"),
    path("search/", views.search, name="search"),
    path("blog/<slug:slug>/", views.post, name="post"),
]
