/* 启程: proofs in a dialog, with zoom and turn. Without this every small picture is a link to its large one. Run after app.js. */
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  var d = document, qc = window.qc, one = qc.one, all = qc.all, box = one("#dlg-proof");
  if (!box || !box.showModal) return;
  var pane = one("[data-viewer-pane]", box), sheet = one("[data-viewer-sheet]", box), image = one("[data-viewer-image]", box), title = one("#dlg-proof-t"), count = one("[data-viewer-count]", box), link = one("[data-viewer-link]", box), save = one("[data-viewer-save]", box);
  var row = [], at = 0, zoom = 1, turn = 0, from = null, STEPS = [1, 1.5, 2, 3, 4];
  function button(name) { return one('[data-viewer="' + name + '"]', box) }

  /* the sheet has the size that the turned picture takes, so that the pane scrolls over all of it */
  function lay() {
    var w = image.naturalWidth, h = image.naturalHeight, aside = turn % 180 !== 0;
    if (!w) return;
    var fit = Math.min(pane.clientWidth / (aside ? h : w), pane.clientHeight / (aside ? w : h)), k = Math.min(fit, 2) * zoom;
    image.style.width = w * k + "px"; image.style.height = h * k + "px"; image.style.transform = "translate(-50%,-50%) rotate(" + turn + "deg)";
    sheet.style.width = (aside ? h : w) * k + "px"; sheet.style.height = (aside ? w : h) * k + "px";
    pane.classList.toggle("is-large", zoom > 1); button("smaller").disabled = zoom === STEPS[0]; button("larger").disabled = zoom === STEPS[STEPS.length - 1];
  }
  function show(n) {
    var a = row[n]; if (!a) return;
    at = n; zoom = 1; turn = 0; title.textContent = a.dataset.view; count.textContent = row.length > 1 ? n + 1 + " / " + row.length : "";
    link.href = a.href; save.hidden = !a.dataset.save; if (a.dataset.save) save.href = a.dataset.save;
    button("previous").disabled = n === 0; button("next").disabled = n === row.length - 1;
    pane.setAttribute("aria-busy", "true"); image.alt = a.dataset.view; image.src = a.href; qc.say(a.dataset.view);
  }
  image.addEventListener("load", function () { pane.removeAttribute("aria-busy"); lay(); pane.scrollTo(0, 0) });
  image.addEventListener("error", function () { if (!image.getAttribute("src")) return; pane.removeAttribute("aria-busy"); title.textContent = "这张图没有取到，关闭后再点一次" });
  addEventListener("resize", function () { if (box.open) lay() });
  function resize(step) {
    var x = (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth, y = (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight;
    zoom = STEPS[Math.max(0, Math.min(STEPS.length - 1, STEPS.indexOf(zoom) + step))]; lay();
    pane.scrollTo(x * pane.scrollWidth - pane.clientWidth / 2, y * pane.scrollHeight - pane.clientHeight / 2); qc.say(Math.round(zoom * 100) + "%");
  }
  var DO = { previous: function () { show(at - 1) }, next: function () { show(at + 1) }, smaller: function () { resize(-1) }, larger: function () { resize(1) }, turn: function () { turn = (turn + 270) % 360; lay(); qc.say(turn ? "已向左转 " + (360 - turn) + " 度" : "已转正") } };
  qc.on("click", "[data-viewer]", function (e, b) { DO[b.dataset.viewer](); if (b.disabled) pane.focus() });
  qc.on("click", "[data-view]", function (e, a) {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault(); row = all("[data-view]"); from = a; qc.open("dlg-proof"); show(row.indexOf(a)); pane.focus();
  });
  box.addEventListener("close", function () { image.removeAttribute("src"); if (from && d.contains(from)) from.focus() });
  box.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    var k = e.key, name = { "+": "larger", "=": "larger", "-": "smaller", r: "turn", R: "turn", PageUp: "previous", PageDown: "next" }[k];
    if (!name && zoom === 1) name = { ArrowLeft: "previous", ArrowRight: "next" }[k];
    if (name) { e.preventDefault(); DO[name]() }
  });
  /* a large picture is pulled about with the mouse; fingers scroll it by themselves */
  pane.addEventListener("pointerdown", function (e) { if (e.pointerType !== "mouse" || zoom === 1) return; e.preventDefault(); pane.setPointerCapture(e.pointerId); pane.classList.add("is-held") });
  pane.addEventListener("pointermove", function (e) { if (pane.classList.contains("is-held")) pane.scrollBy(-e.movementX, -e.movementY) });
  ["pointerup", "pointercancel"].forEach(function (n) { pane.addEventListener(n, function () { pane.classList.remove("is-held") }) });
  image.addEventListener("dblclick", function () { resize(zoom === 1 ? 2 : -STEPS.length) });
});
