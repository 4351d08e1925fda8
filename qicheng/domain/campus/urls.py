"""Addresses of the room, a block for each of its parts."""

from django.urls import path

from .pages import (
    answers,
    applications,
    changes,
    consents,
    files,
    forms,
    made,
    news,
    offices,
    personal,
    personal_reviewing,
    plan,
    platform,
    prints,
    profile,
    questionnaires,
    steps,
)

app_name = "campus"

receiving_offices = [
    path("gov/offices/", offices.offices, name="offices"),
    path("gov/offices/<str:place>/", offices.office, name="office"),
]

for_graduates = [
    path("campus/", steps.steps, name="steps"),
    path("campus/files/", files.files, name="files"),
    path("campus/files/review/", files.queue, name="file_queue"),
    path("campus/files/review/next/", files.next_, name="next_file"),
    path("campus/files/all/", files.everything, name="file_list"),
    path("campus/files/<uuid:public_id>/", files.file_case, name="file_case"),
]
told = [
    path("campus/news/<uuid:public_id>/", news.item, name="news_item"),
    path("campus/news/<slug:kind>/", news.news, name="news"),
    path("campus/calendar/", news.month, name="calendar"),
    path("settings/news/", news.manage, name="manage_news"),
    path("settings/news/new/", news.new, name="new_news"),
    path("settings/news/<uuid:public_id>/", news.change, name="change_news"),
    path("settings/news/<uuid:public_id>/withdraw/", news.withdraw, name="withdraw_news"),
]

own_information = [
    path("campus/personal/", personal.personal, name="personal"),
    path("campus/personal/people/", personal.personal_people, name="personal_people"),
    path("campus/personal/people.xlsx", personal.personal_workbook, name="personal_workbook"),
    path("campus/personal/<uuid:public_id>/", personal.personal_case, name="personal_case"),
    path("campus/supplement/", personal.supplement, name="supplement"),
    path("campus/supplements/", personal.supplements, name="supplements"),
    path("campus/supplements.xlsx", personal.supplements_workbook, name="supplements_workbook"),
    path("campus/supplements/review/", personal_reviewing.review, name="supplement_review"),
    path("campus/supplements/review/next/", personal_reviewing.next_, name="supplement_next"),
    path("campus/supplements/review/batch/", personal_reviewing.batch, name="supplement_batch"),
    path("campus/supplements/review/batch/done/", personal_reviewing.batch_done, name="supplement_batch_done"),
    path("campus/supplements/<uuid:public_id>/", personal.supplement_case, name="supplement_case"),
]

declared_and_reported = [
    path("campus/forms/", forms.choose, name="forms"),
    path("campus/forms/new/<slug:kind>/", forms.new, name="forms_new"),
    path("campus/plan/", plan.plans, name="plans"),
    path("campus/plan/<str:tier>/people/", plan.people, name="plan_people"),
    path("campus/plan/<str:tier>/people.xlsx", plan.people_workbook, name="plan_people_workbook"),
    path("campus/plan/<str:tier>/remind/", plan.remind, name="plan_remind"),
    path("campus/plan/<str:tier>/report/", plan.report, name="plan_report"),
    path("campus/plan/<uuid:public_id>/", plan.plan, name="plan"),
    path("campus/plan/<uuid:public_id>/lines.xlsx", plan.workbook, name="plan_workbook"),
]

own_applications = [
    path("campus/applications/", applications.applications, name="applications"),
    path("campus/applications/new/<uuid:public_id>/", applications.apply, name="apply"),
    path("campus/applications/next/", applications.next_, name="next_application"),
    path("campus/applications/batch/", applications.batch, name="application_batch"),
    path("campus/applications/batch/done/", applications.batch_done, name="application_batch_done"),
    path("campus/applications/<uuid:public_id>/", applications.application, name="application"),
    path("campus/applications/<uuid:public_id>/form/", applications.fill_in, name="fill_in_application"),
    path("campus/applications/<uuid:public_id>/result.pdf", applications.result, name="application_result"),
    path("campus/results/<slug:number>/<slug:token>/", applications.check, name="result_check"),
]
after_approval = [
    path("campus/changes/", changes.changes, name="changes"),
    path("campus/changes/destination/", changes.change_destination, name="change_destination"),
    path("campus/changes/unit/", changes.change_unit, name="change_unit"),
    path("campus/changes/files/", changes.change_files, name="change_files"),
    path("campus/changes/review/<slug:about>/", changes.queue, name="change_queue"),
    path("campus/changes/review/<slug:about>/next/", changes.next_, name="next_change"),
    path("campus/changes/review/<slug:about>/batch/", changes.batch, name="change_batch"),
    path("campus/changes/review/<slug:about>/batch/done/", changes.batch_done, name="change_batch_done"),
    path("campus/changes/destination/<uuid:public_id>/", changes.destination_amendment, name="destination_amendment"),
    path("campus/changes/files/<uuid:public_id>/", changes.file_amendment, name="file_amendment"),
]
own_questionnaires = [
    path("campus/questionnaires/", questionnaires.questionnaires, name="questionnaires"),
    path("campus/questionnaires/<uuid:public_id>/", questionnaires.questionnaire, name="questionnaire"),
]
builder = [
    path("settings/forms/<slug:purpose>/", made.forms, name="made_forms"),
    path("settings/forms/<slug:purpose>/new/", made.new, name="made_new"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/", made.made, name="made"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/about/", made.spec, name="made_spec"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/rules/", made.terms, name="made_terms"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/results/", answers.results, name="made_results"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/results/answers.xlsx", answers.workbook, name="made_workbook"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/results/<slug:key>/", answers.written, name="made_words"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/people/", answers.people, name="made_people"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/people/remind/", answers.remind, name="made_remind"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/add/", made.entry, name="made_new_entry"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/step/<slug:name>/", made.step, name="made_step"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/version/<int:number>/", made.preview, name="made_preview"),
    path(
        "settings/forms/<slug:purpose>/<uuid:public_id>/version/<int:number>/result.pdf",
        made.preview_result,
        name="made_result",
    ),
    path(
        "settings/forms/<slug:purpose>/<uuid:public_id>/version/<int:number>/changes/",
        made.compare,
        name="made_compare",
    ),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/entry/<slug:key>/", made.entry, name="made_entry"),
    path("settings/forms/<slug:purpose>/<uuid:public_id>/entry/<slug:key>/<slug:step>/", made.move, name="made_move"),
]

urlpatterns = [
    *own_applications,
    *after_approval,
    *builder,
    *own_questionnaires,
    *declared_and_reported,
    *own_information,
    *for_graduates,
    *told,
    *receiving_offices,
    path("settings/platform/", profile.profile, name="profile"),
    path("campus/destination/", platform.choose, name="platform"),
    path("campus/destination/new/<slug:kind>/", platform.new, name="platform_new"),
    path("campus/papers/", prints.papers, name="papers"),
    path("campus/papers/<uuid:public_id>/", prints.case_papers, name="case_papers"),
    path("campus/papers/<slug:form>/<uuid:public_id>.pdf", prints.print_, name="print"),
    path("campus/deferrals/", consents.deferrals, name="deferrals"),
    path("campus/deferrals/<uuid:public_id>/", consents.deferral, name="deferral"),
    path("campus/destination-changes/", consents.one_changes, name="one_changes"),
    path("campus/destination-changes/<uuid:public_id>/", consents.one_change, name="one_change"),
]
