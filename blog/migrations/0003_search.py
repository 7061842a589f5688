import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

# English with accents taken off first, so that "resume" finds "résumé".
ADD_CONFIGURATION = """
CREATE TEXT SEARCH CONFIGURATION site_english (COPY = english);
ALTER TEXT SEARCH CONFIGURATION site_english
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
"""
REMOVE_CONFIGURATION = "DROP TEXT SEARCH CONFIGURATION site_english"

# PostgreSQL refuses a tsvector of more than a megabyte: a page is cut long before.
# Words go in by their order, so that two pages saved at once do not wait for each other in a circle.
# Kinds of token: 1 and 2 are words, 10 and 11 parts of a word with a hyphen.
ADD_TRIGGERS = """
CREATE FUNCTION blog_index_page() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    page_title text := (SELECT title FROM wagtailcore_page WHERE id = NEW.page_ptr_id);
    body text := left(NEW.plain_text, 200000);
    head_words tsvector := setweight(to_tsvector('site_english', page_title), 'A')
                        || setweight(to_tsvector('site_english', NEW.listing_summary), 'B');
BEGIN
    INSERT INTO blog_searchentry (page_id, head, whole)
    VALUES (NEW.page_ptr_id, head_words, head_words || setweight(to_tsvector('site_english', body), 'D'))
    ON CONFLICT (page_id) DO UPDATE SET head = excluded.head, whole = excluded.whole;

    INSERT INTO blog_searchword (word, stem)
    SELECT word, (ts_lexize('english_stem', word))[1]
    FROM (
        SELECT DISTINCT lower(unaccent(token)) AS word
        FROM ts_parse('default', concat_ws(' ', page_title, NEW.listing_summary, body))
        WHERE tokid IN (1, 2, 10, 11) AND length(token) BETWEEN 3 AND 30
    ) AS words
    WHERE length(word) <= 40
        AND ts_lexize('english_stem', word) <> '{}'
        AND NOT EXISTS (SELECT FROM blog_searchword AS known WHERE known.word = words.word)
    ORDER BY word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER blog_index_post AFTER INSERT OR UPDATE ON blog_blogpage
    FOR EACH ROW EXECUTE FUNCTION blog_index_page();
CREATE TRIGGER blog_index_standard_page AFTER INSERT OR UPDATE ON clinic_standardpage
    FOR EACH ROW EXECUTE FUNCTION blog_index_page();

UPDATE blog_blogpage SET plain_text = plain_text;
UPDATE clinic_standardpage SET plain_text = plain_text;
"""
REMOVE_TRIGGERS = """
DROP TRIGGER blog_index_post ON blog_blogpage;
DROP TRIGGER blog_index_standard_page ON clinic_standardpage;
DROP FUNCTION blog_index_page();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0002_add_reviewed_digest"),
        ("clinic", "0002_pages_and_settings"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(ADD_CONFIGURATION, REMOVE_CONFIGURATION),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="wagtailcore.page",
                    ),
                ),
                ("head", django.contrib.postgres.search.SearchVectorField()),
                ("whole", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["whole"], name="blog_searchentry_whole"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("word", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("stem", models.CharField(max_length=40)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("word", name="gin_trgm_ops"),
                        name="blog_searchword_like",
                    ),
                    models.Index(fields=["stem"], name="blog_searchword_stem"),
                ],
            },
        ),
        migrations.RunSQL(ADD_TRIGGERS, REMOVE_TRIGGERS),
    ]
