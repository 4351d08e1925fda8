"""Root URLs: the door, the frame's own pages, the one page of all acts, and every room at the addresses of the page map.

Addresses end with a slash. A room's `urls.py` has `app_name` and gives whole paths ("", "review/", "org/invites/"); the rooms are
asked in order after the pages below.
"""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from qicheng.interfaces.web import (
    account,
    acts,
    areas,
    errors,
    exports,
    guide,
    inbox,
    links,
    login,
    offline,
    outbox,
    preferences,
    proofs,
    sign_on,
    standing,
    tables,
    wechat,
)

ROOMS = ("registration", "transfer", "campus", "roster", "orgs", "figures")

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", login.login, name="login"),
    path("login/seat/", login.seat, name="seat"),
    path("login/first/", login.first, name="first"),
    path("login/forgotten/", login.forgotten, name="forgotten"),
    path("login/code/", login.code, name="code"),
    path("login/why/", login.why, name="why"),
    path("login/school/", sign_on.schools, name="sign_on"),
    path("login/sso/<str:code>/", sign_on.start, name="sign_on_start"),
    path("login/sso/<str:code>/back/", sign_on.back, name="sign_on_back"),
    path("login/sso/<str:code>/left/", sign_on.left, name="sign_on_left"),
    path("login/wechat/", wechat.start, name="wechat_start"),
    path("login/wechat/back/", wechat.back, name="wechat_back"),
    path("wechat/", wechat.callback, name="wechat_callback"),
    path("leave/", login.leave, name="leave"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/end/", account.end_session, name="end_session"),
    path("account/wechat/", wechat.wechat_page, name="wechat"),
    path("account/wechat/code/", wechat.show_code, name="wechat_code"),
    path("account/wechat/unbind/", wechat.unbind, name="wechat_unbind"),
    path("account/messages/", preferences.preferences, name="preferences"),
    path("account/seat/", account.change_seat, name="change_seat"),
    path("cohort/", account.cohort, name="cohort"),
    path("modules/", account.modules, name="modules"),
    path("messages/", inbox.messages, name="messages"),
    path("messages/read/", inbox.read_all, name="read_all"),
    path("messages/<int:notice>/", inbox.message, name="message"),
    path("gov/messages/", outbox.stuck, name="outbox"),
    path("gov/messages/again/", outbox.send_many_again, name="send_many_again"),
    path("gov/messages/<int:notice>/again/", outbox.send_again, name="send_again"),
    path("exports/", exports.center, name="exports"),
    path("exports/new/", exports.new, name="export_new"),
    path("exports/take/<slug:room>/<slug:name>/", exports.take, name="export_take"),
    path("exports/<uuid:public_id>/", exports.one, name="export"),
    path("exports/<uuid:public_id>/file.xlsx", exports.file, name="export_file"),
    path("exports/<uuid:public_id>/cancel/", exports.cancel, name="export_cancel"),
    path("act/<slug:flow>/<uuid:public_id>/<slug:name>/", acts.act, name="act"),
    path("proofs/<slug:flow>/<uuid:public_id>/", proofs.page, name="proofs"),
    path("proof/<uuid:public_id>/", proofs.proof, name="proof"),
    *(
        path(f"proof/<uuid:public_id>/{what}/", proofs.change, {"what": what}, name=f"proof_{what}")
        for what in ("remove", "up", "down")
    ),
    path("proof/<uuid:public_id>/<slug:part>/", proofs.proof, name="proof_part"),
    path("s/<str:token>/", links.page, name="link"),
    path("s/<str:token>/form.pdf", links.form, name="link_form"),
    path("s/<str:token>/<uuid:public_id>/", links.proof, name="link_proof"),
    path("s/<str:token>/<uuid:public_id>/<slug:part>/", links.proof, name="link_part"),
    path("areas/", areas.below, name="provinces"),
    path("areas/<str:code>/", areas.below, name="areas"),
    path("codes/<slug:table>/", areas.entries, name="codes"),
    path("code-tables/", tables.tables, name="code_tables"),
    path("code-tables/<slug:name>/", tables.table, name="code_table"),
    path("code-tables/<slug:name>.xlsx", tables.workbook, name="code_workbook"),
    path("guide.pdf", guide.guide, name="guide"),
    path("v/offline.html", offline.page, name="verify_offline"),
    path("v/keys.json", offline.keys, name="verify_keys"),
    path("v/revoked.cbor", offline.list_, name="verify_list"),
    path("help/", standing.help_page, name="help"),
    path("a11y/", standing.accessibility, name="a11y"),
    path("privacy/", standing.privacy, name="privacy"),
    *(
        path("", include(f"qicheng.domain.{room}.urls"))
        for room in ROOMS
        if find_spec(f"qicheng.domain.{room}") and find_spec(f"qicheng.domain.{room}.urls")
    ),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
