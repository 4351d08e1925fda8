"""Addresses of the room."""

from django.urls import path

from .pages import accounts, authority, employer, school

app_name = "orgs"
urlpatterns = [
    path("settings/", school.signing, name="settings"),
    path("settings/handlers/<slug:tier>/", school.handler, name="handler"),
    path("settings/reasons/", school.reasons, name="reasons"),
    path("settings/reasons/<int:reason>/end/", school.end_reason, name="end_reason"),
    path("contacts/", school.contacts, name="contacts"),
    path("contacts/<int:contact>/", school.contact, name="contact"),
    path("contacts/<int:contact>/drop/", school.drop_contact, name="drop_contact"),
    path("log/", school.log, name="log"),
    path("accounts/", accounts.overview, name="accounts"),
    path("accounts/new/<slug:role>/", accounts.new, name="new_account"),
    path("accounts/<int:seat>/", accounts.change, name="account"),
    path("accounts/<int:seat>/suspend/", accounts.suspend, name="suspend"),
    path("accounts/<int:seat>/restore/", accounts.restore, name="restore"),
    path("accounts/<int:seat>/password/", accounts.reset_password, name="reset_password"),
    path("accounts/<int:seat>/college/", accounts.move, name="move_account"),
    path("gov/accounts/", accounts.above, name="gov_accounts"),
    path("gov/settings/", authority.settings_page, name="gov_settings"),
    path("gov/provinces/new/", authority.new_province, name="new_province"),
    path("gov/cohorts/", authority.cohort, name="cohort"),
    path("gov/schools/", authority.schools, name="schools"),
    path("gov/schools/new/", authority.new_school, name="new_school"),
    path("gov/log/", authority.log, name="gov_log"),
    path("gov/employers/", authority.employers, name="employers"),
    path("gov/employers/<uuid:public_id>/", authority.employer, name="employer"),
    path("gov/employers/<uuid:public_id>/change/", authority.change_employer, name="change_employer"),
    path("org/register/", employer.register, name="register"),
    path("org/register/done/", employer.done, name="registered"),
    path("org/profile/", employer.profile, name="profile"),
    path("org/accounts/", employer.colleagues, name="colleagues"),
    path("org/accounts/<int:seat>/end/", employer.end_colleague, name="end_colleague"),
    path("org/accounts/<int:seat>/appoint/", employer.appoint_colleague, name="appoint_colleague"),
    path("org/cases/<uuid:public_id>/", employer.case, name="employer_case"),
    path("org/cases/<uuid:public_id>/correct/", employer.correct, name="correct"),
    path("org/cases/<uuid:public_id>/licence/", employer.licence, name="licence"),
    path("org/units/<uuid:public_id>/status/", employer.business_status, name="business_status"),
]
