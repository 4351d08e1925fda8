"""The guide of a university's own system walked chapter by chapter: supplement, every 就业形式, questionnaire, the plan, the one change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from qicheng.domain.campus.models import Part
from qicheng.foundation.access import Role
from tests.domain.campus import asking, declaring
from tests.domain.campus import filled_personal as own
from tests.world import picture as photograph

from .conftest import picture
from .test_main_job import printed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qicheng.domain.roster.models import Graduate
    from tests.world import World

    from .conftest import Screens

PARTS = (Part.SUPPLEMENT, Part.FORMS, Part.PLAN, Part.DEFERRAL, Part.ONE_CHANGE, Part.QUESTIONNAIRES)
# What is typed where a name stands for a code.
SAID = {"320583": "江苏省苏州市昆山市", "10284": "南京大学", "GB": "英国", "JP": "日本", "HK": "中国香港特别行政区"}
OFFICE = "江苏省南通市启东市人力资源和社会保障局"
REASON = "正在与单位商谈签约，年底以前单位接收户口和档案"


@pytest.fixture
def photo(tmp_path: Path, settings: Any) -> Path:
    settings.QICHENG_FILES = tmp_path / "files"
    path = tmp_path / "signed.jpg"
    path.write_bytes(photograph(3))
    return path


@pytest.mark.journey
@pytest.mark.rule(
    "PKU-01", "PKU-02", "PKU-03", "PKU-04", "PKU-05", "PKU-06", "PKU-07", "PKU-08", "PKU-09", "PKU-10"
)  # fmt: skip
def test_the_guide_is_walked_from_its_first_screen_to_its_last(
    screens: Screens, committed_world: World, photo: Path
) -> None:
    world = committed_world
    declaring.opened(world, *PARTS)
    college = screens.open("pc", world.seats[Role.COLLEGE])
    centre = screens.open("pc", world.seats[Role.SCHOOL])
    chen = screens.open("phone", world.seats[Role.GRADUATE])

    log_in_and_supplement(chen, college)
    sign_an_agreement(chen, college)

    lin, xu = (somebody(world, name) for name in ("林岚", "许念"))
    second = screens.open("phone", world.graduate_seat(lin))
    study_on(second)
    go_abroad(second)
    work_flexibly(second, photo)
    third = screens.open("phone", world.graduate_seat(xu))
    be_free_or_found_a_company(third)
    have_nothing_yet(third)

    answer(world, third, centre)

    report_the_plan(world, second, college, centre)
    change_once(chen, college, centre, photo)


def somebody(world: World, name: str) -> Graduate:
    """A graduate of the same college whose supplement was approved."""
    found = world.new_graduate(name, world.college, woman=True)
    own.approved(world, found)
    return found


def log_in_and_supplement(page: Page, college: Page) -> None:
    # 一、系统登录：按照要求分别选择“补充个人就业信息”、“填报毕业去向”、“填写调查问卷”进行填报
    page.goto("/")
    page.get_by_role("link", name="手续").click()
    for words in ("补充个人就业信息", "填报毕业去向"):
        expect(page.get_by_role("link", name=re.compile(f"^{words}")).first).to_be_visible()
    # 二、审核通过……此时方可以进入“填报毕业去向”栏目
    page.get_by_role("link", name=re.compile("^填报毕业去向")).first.click()
    expect(page.locator("main")).to_contain_text("先补充个人就业信息，学院审核通过以后，才能填报毕业去向。")
    # 二、灰色文字部分均为学籍系统里的原始数据，学生自行无法改动……可反馈至院系负责教务老师处
    page.goto("/campus/")
    page.get_by_role("link", name=re.compile("^补充个人就业信息")).first.click()
    locked = page.get_by_role("region", name="学籍信息，不能自己改")
    for words in ("陈诚", "计算机科学与技术", "反馈至院系教务老师"):
        expect(locked).to_contain_text(words)
    expect(locked.locator("input, select")).to_have_count(0)
    # 二、学生只需要填写“生源所在地省”、“生源所在地市县”、“手机号码”、“电子邮箱”四项内容即可
    for name, value in (("area_province", "320000"), ("area_city", "320600"), ("area_county", "320681")):
        page.locator(f"[name={name}]").select_option(value)
    page.get_by_label("电子邮箱").fill("chen@example.com")
    look(page, "supplement")
    # 二、点击绿色按钮“提交”
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("补充信息已提交，等学院审核。")).to_be_visible()

    # 二、院系负责就业负责老师的审核
    college.goto("/campus/supplements/review/")
    college.get_by_role("link", name="陈诚").click()
    expect(college.locator("main")).to_contain_text("江苏省南通市启东市")
    college.get_by_role("button", name="审核通过").click()
    # 二、在主界面上看到当前状态为“审核通过”
    page.goto("/campus/")
    expect(page.locator(".tasks > li").first).to_contain_text("审核通过")


def sign_an_agreement(page: Page, college: Page) -> None:
    # 三、毕业去向共分为：……这里特别对以下几种毕业去向做补充说明
    page.get_by_role("link", name=re.compile("^填报毕业去向")).first.click()
    offered = page.locator("main section h2").all_inner_texts()
    assert offered == [
        "签就业协议", "已上硕", "已上博", "已上博士后", "已出国", "灵活就业", "自由职业", "自主创业", "待就业",
    ]  # fmt: skip
    for heading, words in (
        ("灵活就业", "没有签三方协议，单位不接收户口、档案，无法正式派遣，但有固定工作、固定收入来源"),
        ("已上硕", "保研的毕业生只要完成补充个人就业信息，不用填报"),
        ("已上博士后", "只包括申请进国内博士后流动站的人员"),
        ("待就业", "毕业之前没有落实去向，包括暂不就业、拟下一学年度考博"),
    ):
        expect(page.get_by_role("region", name=heading, exact=True)).to_contain_text(words)
    look(page, "choices")
    # 三（一）选择“签就业协议”；1、毕业去向（系统自动设置为“派遣”，不用填写）
    page.get_by_role("link", name="填写签就业协议").click()
    follows(page, "派遣")
    # 三（一）2—8、根据就业协议书填写表单中的各项信息
    fill(page, declaring.TYPED["agreement"])
    # 三（一）点击【保存】，此时状态为“已保存”，但还可以进行修改
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".hello")).to_contain_text("已保存")
    page.locator("#id_address").fill("前进东路18号")
    # 三（一）核查无误后点击【提交】，提交后的信息不能再自行修改
    hand_in(page)
    expect(page.locator("main")).to_contain_text("前进东路18号")
    expect(page.locator("main")).to_contain_text("签就业协议的，提交以后不能自己修改。")
    expect(page.get_by_role("link", name="修改内容")).to_have_count(0)
    pass_on(college, "陈诚")


def study_on(page: Page) -> None:
    # 三（二）选择“就业形式”为“已上硕”，“毕业去向”自动显示为“考研”，单位性质自动显示为“升学”
    page.goto("/campus/forms/")
    page.get_by_role("link", name="填写已上硕").click()
    follows(page, "考研", "升学")
    # 三（二）学生只需填写学校、院系名称和专业名称即可；点击【保存】，在 6 月 10 日之前可以修改
    keep(page, declaring.TYPED["master"])
    keep(page, {"department": "软件学院"})
    expect(page.locator("#id_department")).to_have_value("软件学院")
    # 三（二）已上博士后的同学选择“就业形式”为“已上博士后”，只需填写“进站单位”即可
    turn_to(page, "改选已上博士后")
    follows(page, "考研", "升学")
    expect(page.locator("#own .field")).to_have_count(1)
    expect(page.locator("#own")).to_contain_text("进站单位")


def go_abroad(page: Page) -> None:
    # 三（三）1、1）选择将户档转往教育部留学服务中心
    turn_to(page, "改选户档转教育部留学服务中心")
    follows(page, "出国", "户档转教育部留学服务中心", "出国、出境")
    # 三（三）4、所有出国攻读学位的学生都需要填写去往国家、学校和专业信息
    keep(page, declaring.TYPED["abroad.cscse"])
    # 三（三）在线下载和打印出国申请表及户档转留学生服务中心申请表等各类表格文件
    page.get_by_role("link", name="看要交的材料").click()
    look(page, "papers")
    for title, shown in (("出国申请表", "牛津大学"), ("户档转教育部留学服务中心申请表", "英国")):
        text = printed(page, str(page.get_by_role("link", name=f"下载打印{title}").get_attribute("href")))
        assert ("林岚" in text, shown in text) == (True, True)
    # 三（三）1、2）若选择户档回生源地；3）若是公派出国……在备注栏中注明公派
    page.goto("/campus/forms/")
    page.get_by_role("button", name="改选户档转回生源地").click()
    follows(page, "户档转回生源地", OFFICE, "江苏省", "江苏省南通市启东市", "出国、出境")
    keep(page, {"studies": "degree", "degree": "doctor", "funding": "public"})
    follows(page, "公派")
    expect(page.locator("#own")).to_contain_text("户口和档案可以暂存学校")
    # 三（三）2、出国攻读博士后和赴港澳台攻读学位：系统已经自动设定
    expect(page.get_by_label("出国攻读博士后")).to_be_visible()
    keep(page, {"studies": "near", "funding": "self", "country": "HK", "school": "香港大学"})
    follows(page, "户档转回生源地", OFFICE)
    # 三（三）3、出国（境）工作属于灵活就业范畴，不在此填写，进入系统的同学会得到如下提示
    page.get_by_role("link", name="重新选择").click()
    abroad = page.get_by_role("region", name="已出国", exact=True)
    expect(abroad).to_contain_text("出国（境）工作属于灵活就业，不在这里填。")


def work_flexibly(page: Page, photo: Path) -> None:
    # 三（四）选择“出国（境）工作”，户档必须转回生源地
    page.get_by_role("region", name="灵活就业", exact=True).get_by_role("button", name="改选出国（境）工作").click()
    follows(page, "户档转回生源地", OFFICE, "江苏省")
    expect(page.get_by_role("link", name="申请暂缓派遣")).to_have_count(0)
    # 三（四）选择“用人单位证明”，可以申请暂缓派遣；灵活就业单位名称、所在地
    turn_to(page, "改选用人单位证明")
    follows(page, "户档转回生源地", OFFICE, "江苏省", "江苏省南通市启东市")
    keep(page, declaring.TYPED["flex.cert"])
    # 三（四）可以在提交之前点击【申请暂缓派遣】按钮，在线打印相关证明材料
    page.get_by_role("link", name="申请暂缓派遣").click()
    page.get_by_role("button", name="申请暂缓派遣").click()
    page.get_by_role("link", name="填写申请内容").click()
    page.get_by_label("申请理由").fill(REASON)
    page.get_by_role("button", name="修改内容").click()
    sheet = page.get_by_role("link", name=re.compile("下载打印暂缓派遣申请"))
    look(page, "deferral")
    text = printed(page, str(sheet.get_attribute("href")))
    assert [words in text for words in ("林岚", REASON, "2026年12月31日")] == [True] * 3
    bring(page, photo, "本人签字的申请表")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审批")
    page.goto("/campus/")
    page.get_by_role("link", name=re.compile("接着填")).first.click()
    hand_in(page)
    # 三（四）在 6 月 10 日之前可以根据实际去向进行修改
    page.get_by_role("link", name="修改内容").click()
    page.locator("#id_name").fill("云岭数据科技（昆山）有限公司")
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator("main")).to_contain_text("云岭数据科技（昆山）有限公司")


def be_free_or_found_a_company(page: Page) -> None:
    # 三（五）自由职业可以填所在行业类型，如自由撰稿人、翻译；单位所在省、市县
    page.goto("/campus/forms/")
    page.get_by_role("link", name="填写自由职业").click()
    follows(page, "户档转回生源地", OFFICE, "江苏省", "江苏省南通市启东市")
    keep(page, declaring.TYPED["freelance"])
    # 三（五）均需提交个人自由职业或自主创业声明；不能申请“暂缓派遣”
    expect(page.get_by_role("link", name="申请暂缓派遣")).to_have_count(0)
    declaration(page, "自由职业声明", "自由撰稿人")
    page.goto("/campus/forms/")
    page.get_by_role("button", name="改选自主创业").click()
    keep(page, declaring.TYPED["startup"])
    expect(page.get_by_role("link", name="申请暂缓派遣")).to_have_count(0)
    declaration(page, "自主创业声明", "昆山某某科技有限公司")
    # 三（五）自主创业的还需要提供公司营业执照复印件等材料到院系就业负责老师处
    expect(page.locator("main")).to_contain_text("营业执照复印件")
    expect(page.locator("main")).to_contain_text("院系就业工作负责老师")


def have_nothing_yet(page: Page) -> None:
    # 三（六）需要学生填写的信息为待就业的原因，请从下拉列表中选择相应选项填报
    page.goto("/campus/forms/")
    page.get_by_role("button", name="改选待就业").click()
    follows(page, "户档转回生源地", OFFICE, "江苏省", "江苏省南通市启东市")
    expect(page.locator("#own .field")).to_have_count(1)
    page.get_by_label("待就业的原因").select_option("x_pku_doctor")
    hand_in(page)


def answer(world: World, page: Page, centre: Page) -> None:
    # 一、“填写调查问卷”
    form = asking.published(world, fields=asking.FIELDS[1:4])
    page.goto("/campus/")
    page.get_by_role("link", name=re.compile("^调查问卷")).last.click()
    page.get_by_role("link", name=re.compile("就业意向调查")).click()
    page.get_by_label("就业", exact=True).check()
    page.get_by_label("城市", exact=True).check()
    page.get_by_label("4").check()
    page.get_by_role("button", name="提交问卷").click()
    expect(page.get_by_role("heading", name="已提交，谢谢你的回答")).to_be_visible()
    centre.goto(f"/settings/forms/questionnaire/{form.public_id}/results/")
    expect(centre.get_by_role("region", name="毕业后的打算", exact=True)).to_contain_text("1 份回答")


def report_the_plan(world: World, page: Page, college: Page, centre: Page) -> None:
    for name in ("林岚", "许念"):
        pass_on(college, name)
    # 6 月 10 日后院系上报就业方案，此时的就业信息不能再自行修改，如需修改请向院系申请
    declaring.close_in(world, 0)
    page.reload()
    expect(page.locator("main")).to_contain_text("需要修改的请向学院申请")
    expect(page.get_by_role("link", name="修改内容")).to_have_count(0)
    college.goto("/campus/plan/")
    college.get_by_role("link", name="预览并上报").click()
    college.get_by_role("button", name=re.compile("^上报 3 人")).click()
    expect(college.get_by_text("已上报，接下来等学校接收。")).to_be_visible()
    # 如需修改请向院系申请
    college.get_by_role("link", name="林岚").click()
    college.get_by_role("link", name="按毕业生申请修改").click()
    college.locator("#id_name").fill("云岭数据科技有限公司昆山分公司")
    college.locator("#id_words").fill("本人 6 月 12 日书面申请")
    college.get_by_role("button", name="按毕业生申请修改").click()
    page.reload()
    expect(page.locator("main")).to_contain_text("云岭数据科技有限公司昆山分公司")
    # The career centre takes the plan, and sees what has changed since
    centre.goto("/campus/plan/")
    centre.get_by_role("link", name="计算机学院").click()
    expect(centre.locator("main")).to_contain_text("上报以后有 1 人的填报有变化。")
    picture(centre, "school-plan")
    centre.get_by_role("link", name="接收就业方案").click()
    centre.get_by_role("button", name="接收就业方案").click()


def change_once(page: Page, college: Page, centre: Page, photo: Path) -> None:
    # 五、信息一旦提交，并通过了审核后，原则上不得修改
    pass_on(centre, "陈诚")
    page.goto("/campus/")
    page.get_by_role("link", name=re.compile("^更改毕业去向")).click()
    page.get_by_role("button", name="申请更改毕业去向").click()
    page.get_by_role("link", name="填写申请内容").click()
    page.get_by_label("新的就业形式").select_option("flex.cert")
    page.get_by_label("新的单位或学校").fill("江临轨道交通集团有限公司")
    page.get_by_label("变更原因").fill("原单位岗位撤销，已与单位商量一致")
    page.get_by_role("button", name="修改内容").click()
    sheet = page.get_by_role("link", name=re.compile("^下载打印"))
    text = printed(page, str(sheet.get_attribute("href")))
    assert [words in text for words in ("陈诚", "云岭数据科技有限公司", "江临轨道交通集团有限公司")] == [True] * 3
    bring(page, photo, "本人签字的申请表", "解约函、新协议")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审批")
    # 五、经过所在院系和校就业中心同意后
    for reviewer in (college, centre):
        reviewer.goto("/campus/destination-changes/")
        reviewer.get_by_role("link", name="陈诚").click()
        expect(reviewer.locator("main")).to_contain_text("原单位岗位撤销")
        reviewer.get_by_role("button", name="审核通过").click()
        expect(reviewer.get_by_text("办好了")).to_be_visible()
    # 五、重新登录系统，修改自己的毕业信息后最终提交
    page.goto("/campus/")
    for step, words in ((1, "待你重新填报"), (2, "已通过"), (3, "还没开始")):
        expect(page.locator(".tasks > li").nth(step)).to_contain_text(words)
    look(page, "reopened")
    page.get_by_role("link", name="接着填").first.click()
    expect(page.locator("main")).to_contain_text("学院和就业中心同意更改，请重新填报")
    expect(page.locator("main")).to_contain_text("提交就是最后的")
    turn_to(page, "改选用人单位证明")
    fill(page, declaring.TYPED["flex.cert"] | {"name": "江临轨道交通集团有限公司"})
    hand_in(page)
    expect(page.locator("main")).to_contain_text("提交就是最后的")
    expect(page.get_by_role("link", name="修改内容")).to_have_count(0)
    pass_on(centre, "陈诚")
    # 五、毕业去向最多只能更改一次
    page.goto("/campus/destination-changes/")
    expect(page.locator("main")).to_contain_text("毕业去向最多只能更改一次，已经用过了。")
    expect(page.get_by_role("button", name="申请更改毕业去向")).to_have_count(0)


def follows(page: Page, *words: str) -> None:
    """What the system fills in is shown, and locked."""
    shown = page.get_by_role("region", name="自动填写，不用填也不能改")
    expect(shown.locator("input, select")).to_have_count(0)
    for one in words:
        expect(shown.get_by_text(one, exact=True).first).to_be_visible()


def fill(page: Page, values: Mapping[str, str]) -> None:
    """Type and choose, each value where its name is asked for."""
    for key, value in values.items():
        control = page.locator(f"#own [name={key}]")
        if control.first.get_attribute("type") == "radio":
            page.locator(f'#own [name={key}][value="{value}"]').check()
        elif control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(SAID.get(value, value))


def keep(page: Page, values: Mapping[str, str]) -> None:
    """填写, then 保存."""
    fill(page, values)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存，还没有提交")).to_be_visible()


def hand_in(page: Page) -> None:
    """核查无误后点击【提交】."""
    page.get_by_role("button", name="核对并提交").click()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交，接下来等")).to_be_visible()


def turn_to(page: Page, words: str) -> None:
    """From the form back to the choice, and to another one."""
    page.get_by_role("link", name="重新选择").click()
    page.get_by_role("button", name=words, exact=True).click()


def declaration(page: Page, title: str, shown: str) -> None:
    """The form to sign, with what was filled in."""
    page.get_by_role("link", name="看要交的材料").click()
    text = printed(page, str(page.get_by_role("link", name=f"下载打印{title}").get_attribute("href")))
    assert ("许念" in text, shown in text) == (True, True)


def bring(page: Page, photo: Path, *kinds: str) -> None:
    """Upload an image of each kind."""
    page.get_by_role("link", name=re.compile("^上传")).click()
    for kind in kinds:
        page.get_by_role("region", name=kind).locator("input[type=file]").set_input_files(photo)
        page.get_by_role("button", name=f"上传{kind}").click()
    page.get_by_role("link", name="完成，返回").click()


def pass_on(reviewer: Page, name: str) -> None:
    """The reviewer opens the case in the queue and approves it."""
    reviewer.goto("/review/")
    reviewer.get_by_role("link", name=name).click()
    panel = reviewer.locator("#panel")
    expect(panel.get_by_role("heading", name=name, exact=True)).to_be_visible()
    panel.get_by_role("button", name=re.compile("通过")).first.click()
    expect(reviewer.get_by_text("办好了")).to_be_visible()


def look(page: Page, name: str) -> None:
    """Nothing is wider than the phone, nor than a small one."""
    size = page.viewport_size
    assert size is not None
    for width in (size["width"], 320):
        page.set_viewport_size({**size, "width": width})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.set_viewport_size(size)
    picture(page, f"graduate-{name}")
