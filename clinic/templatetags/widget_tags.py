from django import template

from clinic.widgets import widget_start

register = template.Library()
register.simple_tag(widget_start)
