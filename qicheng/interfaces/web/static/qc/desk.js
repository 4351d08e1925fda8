/* 启程 for those who review: selection with hold-back, keyboard, side panel, job cards, htmx manners. Loaded before app.js, run after it. */
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  var d = document, qc = window.qc, one = qc.one, all = qc.all, on = qc.on, cur = null, last = null;
  function rows() { return all("#grid tbody tr") }
  function box(r) { return one(".tick", r) }
  function picked() { return all("#grid tbody .tick:checked") }

  /* selection: counts on the buttons, rows on hold are named before the act; the table may be swapped at any time */
  function tell() {
    var bar = one("#batch"), sel = picked(), held = sel.filter(function (b) { return b.hasAttribute("data-hold") }).length, whole = one("[data-all]"), every = bar && one("[data-everything]", bar), more = bar && one("[data-every]", bar), boxes = all("#grid tbody .tick");
    boxes.forEach(function (b) { b.closest("tr").classList.toggle("is-sel", b.checked) });
    if (whole) { whole.checked = boxes.length > 0 && sel.length === boxes.length; whole.indeterminate = sel.length > 0 && sel.length < boxes.length }
    if (!bar) return;
    bar.classList.toggle("is-on", sel.length > 0);
    if (every && every.value && sel.length < boxes.length) every.value = "";
    var n = every && every.value ? +more.dataset.every : sel.length;
    one("[data-n]", bar).textContent = n;
    one("[data-note]", bar).textContent = held ? (every && every.value ? "其中要逐条看的，不会批量通过" : held + " 条" + bar.dataset.held) : bar.dataset.fine;
    if (more) more.hidden = !(sel.length === boxes.length && boxes.length && +more.dataset.every > boxes.length && !every.value);
    all("[data-counted]", bar).forEach(function (b) { var k = n - (b.hasAttribute("data-skips") && !(every && every.value) ? held : 0); b.textContent = every && every.value && b.hasAttribute("data-skips") && held ? b.dataset.counted.replace("{n} 条", "其余各条") : b.dataset.counted.replace("{n}", k); b.disabled = k === 0 });
  }
  on("change", "[data-all]", function (e, t) { all("#grid tbody .tick").forEach(function (b) { b.checked = t.checked }); tell() });
  on("change", "#grid tbody .tick", tell);
  on("click", "#grid tbody .tick", function (e, t) { var bs = all("#grid tbody .tick"), i = bs.indexOf(t), j = bs.indexOf(last); if (e.shiftKey && j >= 0) { for (var k = Math.min(i, j); k <= Math.max(i, j); k++) bs[k].checked = t.checked; tell() } last = t });
  on("click", "[data-clear]", function () { all("#grid tbody .tick").forEach(function (b) { b.checked = false }); tell(); qc.say("已取消选择") });
  on("click", "[data-every]", function (e, b) { one("[data-everything]").value = "1"; tell(); qc.say("已选择符合条件的 " + b.dataset.every + " 条") });

  /* the open row and its panel */
  function mark(r) { rows().forEach(function (x) { x.classList.toggle("is-open", x === r) }); cur = r }
  on("click", "[data-openrow]", function (e, a) { mark(a.closest("tr")) });
  on("click", "[data-panel-close]", function (e) { var w = one(".work.has-panel"), a = one("#grid .is-open [data-openrow]"); if (!w) return; e.preventDefault(); w.classList.remove("has-panel"); mark(null); if (a) a.focus() });

  /* keyboard: single letters, never inside a field, can be switched off (WCAG 2.1.4) */
  var keys = qc.load("qc-keys") !== "off";
  all("[data-keys]").forEach(function (b) { b.checked = keys });
  on("change", "[data-keys]", function (e, b) { keys = b.checked; qc.store("qc-keys", keys ? null : "off"); qc.say(keys ? "快捷键已打开" : "快捷键已关闭") });
  function go(step) {
    var rs = rows(), r = cur && d.contains(cur) ? cur : one("#grid tr.is-open"), next = rs[(r ? rs.indexOf(r) : step > 0 ? -1 : rs.length) + step];
    if (!next) { qc.say(step > 0 ? "已经是最后一条" : "已经是第一条"); return }
    rs.forEach(function (x) { x.classList.toggle("is-cur", x === next) }); cur = next; next.scrollIntoView({ block: "nearest" });
    var a = one("[data-openrow]", next); if (a) a.click();
  }
  d.addEventListener("keydown", function (e) {
    /* a field of a dialog that has just closed keeps the focus until the next frame: nobody types there */
    var t = e.target, typing = t.getClientRects().length && (t.isContentEditable || /^(TEXTAREA|SELECT)$/.test(t.nodeName) || t.nodeName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(t.type));
    if (!keys || typing || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.repeat && !/^[jk]$/i.test(e.key) || one("dialog[open]")) return;
    var k = e.key.toLowerCase();
    if (k === "?") { qc.open("dlg-keys"); return }
    if (k === "/") { var q = one("[data-search]"); if (q) { e.preventDefault(); q.focus(); q.select() } return }
    if (!one("#grid")) return;
    if (k === "j") go(1); else if (k === "k") go(-1);
    else if (k === "x") { var r = cur && d.contains(cur) ? cur : one("#grid tr.is-open"), b = r && box(r); if (b) { b.checked = !b.checked; last = b; tell() } }
    else if (/^[a-z]$/.test(k)) { var p = one("#panel"), act = p && !p.hidden && p.offsetParent !== null && one('[data-key="' + k + '"]', p); if (act && !act.disabled) { e.preventDefault(); act.click() } }
  });

  /* job cards: ask every two seconds, pause in the background, give up after five failures in a row; the last answer asks no more */
  function poll(x, misses) {
    if (!d.contains(x)) return;
    if (d.hidden) { setTimeout(function () { poll(x, misses) }, 2e3); return }
    fetch(x.dataset.poll, { headers: { "HX-Request": "true", "HX-Target": x.id } }).then(function (r) { if (!r.ok) throw r; return r.text() }).then(function (html) {
      var id = x.id, y; x.outerHTML = html; y = d.getElementById(id);
      if (y) y.dataset.asked = "1"; if (y && y.dataset.poll) setTimeout(function () { poll(y, 0) }, 2e3); else if (y) qc.say(y.dataset.say || "");
    }).catch(function () { if (misses < 4) setTimeout(function () { poll(x, misses + 1) }, 4e3); else qc.toast("进度没有取到，刷新页面再看") });
  }
  function polls() { all("[data-poll]").forEach(function (x) { if (!x.dataset.asked) { x.dataset.asked = "1"; setTimeout(function () { poll(x, 0) }, 2e3) } }) }

  /* htmx: a bar after 180 ms, aria-busy, focus kept, failures said; on a small screen the panel is a page */
  var bar = one("#loadbar"), held = null, timer;
  d.addEventListener("htmx:beforeRequest", function (e) {
    var a = e.detail.elt, t = e.detail.target;
    if (t && t.id === "panel" && a.href && matchMedia("(max-width:860px)").matches) { e.preventDefault(); location.href = a.href; return }
    clearTimeout(timer); timer = setTimeout(function () { bar.className = "on" }, 180); if (t && t.setAttribute) t.setAttribute("aria-busy", "true");
  });
  d.addEventListener("htmx:afterRequest", function (e) { clearTimeout(timer); bar.className = ""; var t = e.detail.target; if (t && t.removeAttribute) t.removeAttribute("aria-busy"); if (!e.detail.successful && e.detail.xhr && e.detail.xhr.status !== 422) qc.toast(e.detail.xhr.status ? "没有成功，刷新页面再试一次" : "网络断开，连上以后再试一次") });
  d.addEventListener("htmx:beforeSwap", function () { held = d.activeElement && d.activeElement.id });
  d.addEventListener("htmx:afterSettle", function (e) {
    var p = one("#panel"), w = p && p.closest(".work"), h;
    if (held && d.activeElement === d.body) { h = d.getElementById(held); if (h) h.focus({ preventScroll: true }) }
    if (w && e.target && e.target.id === "panel" && !p.hidden) { w.classList.add("has-panel"); h = one("#panel-t"); if (h) qc.say("已打开 " + h.textContent) }
    tell(); polls();
  });
  tell(); polls();
});
