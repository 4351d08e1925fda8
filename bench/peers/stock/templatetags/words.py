"""What a row's values look like."""

from django import template

from bench.peers import page

register = template.Library()
register.filter("masked_id", page.masked_id)
register.filter("masked_phone", page.masked_phone)
register.filter("minute", page.minute)
register.filter("waited", page.waited)
