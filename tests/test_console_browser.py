"""The console in a real Chromium: what scripts, styles, keys and two screens at once do."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from browser import Browser, served, told
from console_fixtures import RIGHT
from hospital.care.models import Practitioner
from hospital.outpatient.models import Template
from hospital.queueing import boards
from hospital.queueing.models import Room, Ticket
from hospital.registrar import rights
from hospital.registrar.rights import Role
from hospital_fixtures import Hospital
from queue_fixtures import Area

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def browser(chromium: Browser, hospital: Hospital) -> Iterator[Browser]:
    with served() as chromium.root:
        yield chromium
        chromium.driver.get("about:blank")      # nothing of this page asks the next test's server


@pytest.fixture
def office(browser: Browser) -> Browser:
    rights.make_staff("office", RIGHT, Role.OFFICE)
    browser.log_in("office", RIGHT)
    return browser


def test_in_by_keyboard_out_again_and_no_way_back(browser: Browser) -> None:
    rights.make_staff("office", RIGHT, Role.OFFICE)
    browser.open("/console/statistics")
    browser.find("#id_username").send_keys("office" + Keys.TAB + RIGHT + Keys.ENTER)
    browser.says("预约统计")
    browser.find("button[value=en]").click()
    browser.says("How booking went")
    browser.find("button[value=zh]").click()
    browser.says("预约统计")
    browser.find("header form[action$=logout] button").click()
    browser.says("工作人员登录")
    browser.driver.back()
    browser.says("工作人员登录")


def test_a_role_that_may_not(browser: Browser) -> None:
    rights.make_staff("nurse", RIGHT, Role.NURSE)
    browser.log_in("nurse", RIGHT)
    assert "统计" not in browser.find("nav").text and "检查与采血" in browser.find("nav").text
    browser.open("/console/statistics")
    browser.says("您的角色不能使用此页面")


@pytest.fixture
def chen(hospital: Hospital) -> Template:
    return Template.objects.create(department=hospital.heart, practitioner=hospital.doctor, kind="expert", weekday=0,
                                   half="am", start=480, end=660, minutes=30, places=2, fee=5000)


def stands() -> list[tuple[int, str]]:
    return sorted(Template.objects.filter(active=True).values_list("weekday", "half"))


def cell(browser: Browser, weekday: int, half: str) -> WebElement:
    return browser.find(f'td[data-weekday="{weekday}"][data-half="{half}"]')


def test_the_week_by_drag_by_copy_and_by_its_form(office: Browser, chen: Template) -> None:
    office.open("/console/roster")
    hand = ActionChains(office.driver, duration=50)
    hand.click_and_hold(office.find("[data-template] summary")).move_to_element(cell(office, 2, "am")).release().perform()
    office.until(lambda: stands() == [(2, "am")])
    office.until(lambda: "陈试" in cell(office, 2, "am").text)
    assert office.find("[data-template]").get_attribute("open") is None, "and the card was not opened by it"
    hand = ActionChains(office.driver, duration=50).key_down(Keys.CONTROL)
    hand.click_and_hold(office.find("[data-template] summary")).move_to_element(cell(office, 4, "pm")).release()
    hand.key_up(Keys.CONTROL).perform()
    office.until(lambda: stands() == [(2, "am"), (4, "pm")])
    office.until(lambda: "13:30–16:30" in cell(office, 4, "pm").text)
    hand = ActionChains(office.driver, duration=50).click_and_hold(office.find("[data-template] summary"))
    hand.move_to_element(cell(office, 5, "am")).send_keys(Keys.ESCAPE).release().perform()

    card = f'[data-half="am"] [data-template="{chen.pk}"]'
    office.find(f"{card} summary").send_keys(Keys.ENTER)
    Select(office.find(f"{card} [name=weekday]")).select_by_value("6")
    office.find(f"{card} [name=copy]").send_keys(Keys.ENTER)
    office.until(lambda: stands() == [(2, "am"), (4, "pm"), (6, "am")])
    office.until(lambda: "陈试" in cell(office, 6, "am").text)
    office.find(f"{card} summary").click()
    Select(office.find(f"{card} [name=weekday]")).select_by_value("6")
    office.find(f"{card} form button:not([name])").click()
    office.says("医生这段时间已有出诊")
    assert stands() == [(2, "am"), (4, "pm"), (6, "am")]


def test_an_extra_clinic_by_touching_its_day(office: Browser, hospital: Hospital) -> None:
    hospital.doctor.departments.add(hospital.heart)
    office.open("/console/month?month=2026-12")
    office.find('[data-day="2026-12-12"] button.day').click()
    assert office.find("#once [name=date]").get_attribute("value") == "2026-12-12"
    assert office.find("#different [name=day]").get_attribute("value") == "2026-12-12"
    Select(office.find("#once [name=practitioner]")).select_by_visible_text("陈试")
    Select(office.find("#once [name=kind]")).select_by_value("expert")
    office.find("#once button").send_keys(Keys.ENTER)
    office.until(lambda: "陈试" in office.find('[data-day="2026-12-12"]').text)
    assert "待审 1" in office.find('[data-day="2026-12-12"]').text
    office.find('[data-day="2026-12-12"] summary').click()
    office.find('[data-day="2026-12-12"] details button').click()
    office.until(lambda: "陈试" not in office.find('[data-day="2026-12-12"]').text)
    assert stands() == [] and not office.driver.find_elements("css selector", ".message.error")


_HEAR = "document.addEventListener('said', (one) => { window.said = [Date.now(), one.detail]; });"
_ASKED = "return performance.getEntriesByType('resource').filter((one) => one.name.includes('/state')).length"


class Area2F:
    """A consulting room in one window, the screen of its waiting area in another."""

    def __init__(self, browser: Browser, hospital: Hospital, waiting: int) -> None:
        hospital.doctor.departments.add(hospital.heart)
        Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3", area="2F-B")
        area = Area(hospital, practitioner=hospital.doctor, kind="expert")
        for _ in range(waiting):
            area.comes(patient=hospital.patient(name="测试甲"))
        rights.make_staff("chen", RIGHT, Role.DOCTOR, doctor=hospital.doctor)
        browser.log_in("chen", RIGHT)
        browser.open("/console/room")
        browser.find("#room form button").click()
        browser.says(f"候诊 {waiting} 人")
        self.browser, self.desk = browser, browser.driver.current_window_handle
        browser.driver.switch_to.new_window("window")
        self.screen = browser.driver.current_window_handle
        browser.open(f"/console/board/{boards.key('2F-B')}")
        browser.says("准备")
        browser.driver.execute_script(_HEAR)

    def is_by(self, by: str) -> None:
        """How the screen has its news now."""
        self.browser.until(lambda: self.browser.driver.execute_script("return document.body.dataset.by") == by)

    def calls(self, number: int) -> int:
        """The doctor's next; milliseconds from the button until the board shows and says it."""
        browser = self.browser
        browser.driver.switch_to.window(self.desk)
        pressed = browser.driver.execute_script(
            "const now = Date.now(); document.getElementById('next').click(); return now")
        browser.until(lambda: browser.find(".bignumber").text == str(number))
        browser.driver.switch_to.window(self.screen)
        browser.until(lambda: browser.driver.execute_script("return window.said && window.said[1]") ==
                      f"请 {number} 号，到3 诊室就诊。")
        assert browser.find(".call b").text == str(number) and "测试" not in browser.text()
        return int(browser.driver.execute_script("return window.said[0]")) - int(pressed)

    def closes(self) -> None:
        self.browser.driver.close()
        self.browser.driver.switch_to.window(self.desk)


def test_next_stands_on_the_board_and_is_spoken_within_a_second(browser: Browser, hospital: Hospital) -> None:
    with told():
        area = Area2F(browser, hospital, waiting=6)
        area.is_by("line")
        asked = browser.driver.execute_script(_ASKED)
        late = [area.calls(1), area.calls(2)]
        while min(late) >= 1000 and len(late) < 6:      # the machine that tests may be busy: its best counts
            late.append(area.calls(len(late) + 1))
        assert browser.driver.execute_script(_ASKED) == asked, "who is told does not ask"
        area.closes()
    print(f"milliseconds from the button to the board: {late}")
    assert min(late) < 1000


def test_a_board_whose_line_is_cut_asks_until_it_is_mended(browser: Browser, hospital: Hospital) -> None:
    with told() as port:
        area = Area2F(browser, hospital, waiting=3)
        area.is_by("line")
        area.calls(1)
    area.is_by("asking")
    area.calls(2)
    assert not browser.driver.find_element("id", "lost").is_displayed(), "it has lost nothing"
    with told(port):
        area.is_by("line")
        asked = browser.driver.execute_script(_ASKED)
        area.calls(3)
        assert browser.driver.execute_script(_ASKED) == asked
        area.closes()


def test_a_board_without_a_line_asks(browser: Browser, hospital: Hospital) -> None:
    area = Area2F(browser, hospital, waiting=1)
    assert browser.driver.execute_script("return document.body.dataset.line") is None
    area.calls(1)
    area.closes()


_LAID = """
const wide = (one, box) => one.left >= box.left - 1 && one.right <= box.right + 1;
const inside = (one, box) => wide(one, box) && one.top >= box.top - 1 && one.bottom <= box.bottom + 1;
const shown = [...document.querySelectorAll("[data-part]")].filter((one) => !one.hidden);
return [shown.length, document.getElementById("leaf").textContent, shown.every((part) =>
  inside(part.getBoundingClientRect(), document.getElementById("board").getBoundingClientRect()) &&
  [...part.querySelectorAll("h2 > span, .call > span, .rest, .next p")].every((line) =>
    inside(line.getBoundingClientRect(), part.getBoundingClientRect()) &&
    wide(line.getBoundingClientRect(), line.closest("[data-part] > *").getBoundingClientRect())))];
"""


@pytest.mark.parametrize("queues, leaves", [(1, ""), (5, ""), (8, ""), (11, "1 / 2")])
def test_however_many_queues_there_are_all_of_them_are_seen(browser: Browser, hospital: Hospital, queues: int,
                                                            leaves: str) -> None:
    areas = [Area(hospital, practitioner=Practitioner.objects.create(
        code=f"Q{at}", name_zh="欧阳测试", name_en="Ouyang Ceshi", title="chief"), kind="expert") for at in range(queues)]
    doctors = []
    for at, area in enumerate(areas):
        area._rooms = 10 * at
        doctors.append(area.opens())
        for _ in range(6):
            area.comes(patient=hospital.patient(name="测试甲"))
        doctors[-1].next()
    Room.objects.filter(pk=doctors[0].room.pk).update(name_zh="心血管内科慢病管理门诊第 11 诊室")
    with told():
        browser.driver.set_window_size(1920, 1080)
        browser.open(f"/console/board/{boards.key('2F-B')}")
        shown = -(-queues // 2) if leaves else queues
        browser.until(lambda: browser.driver.execute_script(_LAID) == [shown, leaves, True])
        if leaves:
            doctors[-1].next()
            browser.until(lambda: browser.find(".call.fresh b").text == str(Ticket.objects.get(
                state="called", practitioner=doctors[-1].who).number))
            assert browser.driver.execute_script(_LAID) == [queues - shown, "2 / 2", True], "its leaf is turned to at once"
        browser.driver.set_window_size(1440, 1000)


def test_the_figures_are_downloaded_as_csv(office: Browser, hospital: Hospital) -> None:
    hospital.session(hospital.heart)
    office.open("/console/statistics?by=department")
    office.find("#csv").click()
    file = office.until(lambda: next(office.downloads.glob("booking-department-*.csv"), None))
    office.until(lambda: file.stat().st_size > 0)
    sheet = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    assert sheet[0][0] == "科室" and sheet[1][0] == "心血管内科" and sheet[1][-2:] == ["4", "4"]


_CONTRAST = """
const colour = (text) => {
  const c = text.match(/[\\d.]+/g).map(Number);
  return c.length > 3 && c[3] === 0 ? null : c.slice(0, 3); };
const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const behind = (e) => {
  for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c) return c; }
  return [255, 255, 255]; };
return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.disabled && !e.closest("svg") &&
  [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).map((e) => {
  const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))];
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + " " + e.textContent.trim().slice(0, 30)]; })
  .filter(([ratio]) => ratio < 7);
"""
_UNNAMED = """
return [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a")].filter((e) =>
  !(e.labels && e.labels.length) && !e.getAttribute("aria-label") && !e.textContent.trim()).map((e) => e.outerHTML);
"""


def test_all_pages_are_read_and_named(browser: Browser, hospital: Hospital, chen: Template) -> None:
    """Contrast of every text at least 7:1, and every field and button has a name."""
    rights.make_staff("all", RIGHT, *Role, doctor=hospital.doctor)
    hospital.doctor.departments.add(hospital.heart)
    Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3", area="2F-B")
    area = Area(hospital, practitioner=hospital.doctor, kind="expert")
    doctor = area.opens()
    for _ in range(3):
        area.comes()
    doctor.next()
    browser.open("/console/login")
    assert browser.driver.execute_script(_CONTRAST) == []
    browser.log_in("all", RIGHT)
    pages = [one.get_attribute("href") for one in browser.driver.find_elements("css selector", "nav a")]
    shown = {f"{browser.root}/console/board/{boards.key('2F-B')}": "准备",
             f"{browser.root}/console/board/{boards.key('')}": "开放诊室"}
    for page in (*pages, *shown):
        browser.driver.get(page)
        browser.says(shown.get(page, "退出"))
        for details in browser.driver.find_elements("css selector", "details"):
            browser.driver.execute_script("arguments[0].open = true", details)
        assert browser.driver.execute_script(_CONTRAST) == [], page
        assert browser.driver.execute_script(_UNNAMED) == [], page
        wide = browser.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, page


def test_one_after_the_other_is_scanned_at_the_desk(browser: Browser, hospital: Hospital) -> None:
    """A scanner types a code and Enter; nobody touches the mouse between two people."""
    rights.make_staff("nurse", RIGHT, Role.NURSE)
    area = Area(hospital)
    first, second = area.booking(patient=hospital.patient(name="甲乙")), area.booking(patient=hospital.patient(name="丙丁"))
    browser.log_in("nurse", RIGHT)
    browser.open("/console/arrivals")
    ActionChains(browser.driver).send_keys(first.code + Keys.ENTER).perform()
    browser.says("甲*")
    ActionChains(browser.driver).send_keys("9999" + Keys.ENTER).perform()
    browser.says("没有找到")
    ActionChains(browser.driver).send_keys(second.code + Keys.ENTER).perform()
    browser.says("丙*")
    browser.find("#arrivals form button").click()
    browser.until(lambda: [one.appointment for one in Ticket.objects.all()] == [second])
    browser.says("前面 0 人")
