"""Every kind of page that a reader may meet, by name."""

POST = "/blog/lower-back-stretches-to-reduce-stiffness-and-pain/"
LONGEST_POST = "/blog/most/"

PAGES = {
    "home": "/",
    "about": "/about/",
    "contact": "/contact/",
    "privacy": "/privacy/",
    "health data privacy": "/health-data-privacy/",
    "accessibility": "/accessibility/",
    "page with the least": "/least/",
    "page with the most": "/most/",
    "posts": "/blog/",
    "second page of posts": "/blog/?page=2",
    "post": POST,
    "post with questions": "/blog/whats-the-best-way-to-sit-with-low-back-pain/",
    "post with the least": "/blog/least/",
    "post with the most": LONGEST_POST,
    "topic": "/blog/topics/health-tips/",
    "topic with the most": "/blog/topics/most/",
    "topic without posts": "/blog/topics/empty/",
    "author": "/blog/authors/amy-konvalin/",
    "author with the most": "/blog/authors/most/",
    "author without posts": "/blog/authors/empty/",
    "assessment": "/assessment/",
    "newsletter": "/newsletter/",
    "guide": "/guides/7-easy-ways/",
    "edition of a guide": "/guides/7-easy-ways/read/",
    "workshops": "/workshops/",
    "workshop": "/workshops/start-with-one-inch/",
    "search": "/search/",
    "search with results": "/search/?q=stretch",
    "search without results": "/search/?q=xyzzyx",
    "search with an error": "/search/?q=%00",
    "not found": "/not-here/",
    "fault": "/fault/",
}
