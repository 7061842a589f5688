from django.db import migrations

# What cards now tell of their submissions, for those that were there before; and who only reads the newsletter.
FILL = """
    UPDATE leads_lead lead
       SET asked_for = latest.kind, asked_at = latest.created_at, source_path = earliest.source_path,
           next_action = CASE WHEN lead.promised_at IS NULL THEN lead.next_action ELSE 'Call' END,
           next_action_at = coalesce(lead.next_action_at, lead.promised_at),
           state = CASE WHEN lead.state = 'new' AND latest.has_work IS NOT TRUE THEN 'reader' ELSE lead.state END
      FROM (SELECT DISTINCT ON (lead_id) lead_id, kind, created_at,
                   bool_or(kind <> 'newsletter') OVER (PARTITION BY lead_id) AS has_work
              FROM leads_submission ORDER BY lead_id, created_at DESC) latest,
           (SELECT DISTINCT ON (lead_id) lead_id, source_path
              FROM leads_submission ORDER BY lead_id, created_at) earliest
     WHERE latest.lead_id = lead.id AND earliest.lead_id = lead.id
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_add_inbox_and_issues")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
