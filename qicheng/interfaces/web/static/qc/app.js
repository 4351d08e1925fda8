/* 启程 on every page: enhancement only, each page works as plain links and forms. No dependencies.
   What it listens to are data attributes; the components (ui.jinja) write them. */
(function () {
  "use strict";
  var d = document, root = d.documentElement;
  function one(s, c) { return (c || d).querySelector(s) }
  function all(s, c) { return Array.prototype.slice.call((c || d).querySelectorAll(s)) }
  function on(ev, sel, fn) { d.addEventListener(ev, function (e) { var t = e.target.closest && e.target.closest(sel); if (t) fn(e, t) }) }
  function make(tag, cls, text) { var x = d.createElement(tag); if (cls) x.className = cls; if (text) x.textContent = text; return x }
  function say(t) { var l = one("#live"); if (l) { l.textContent = ""; setTimeout(function () { l.textContent = t }, 50) } }
  function store(k, v) { try { v == null ? localStorage.removeItem(k) : localStorage.setItem(k, v) } catch (e) {} }
  function load(k) { try { return localStorage.getItem(k) } catch (e) { return null } }
  function toast(text) { var b = make("div", "toast"); b.append(make("span", "grow", text)); var c = make("button", "btn", "知道了"); c.type = "button"; c.setAttribute("data-dismiss", ""); b.append(c); one("#toasts").append(b); say(text) }
  /* the page's clock: the server's, as far as the browser's differs */
  var skew = new Date(root.dataset.now) - Date.now(); if (!(Math.abs(skew) > 9e4)) skew = 0;
  function now() { return Date.now() + skew }
  window.qc = { one: one, all: all, on: on, say: say, store: store, load: load, open: open_, toast: toast };

  /* large type, dark */
  all("[data-text-size]").forEach(function (b) { b.setAttribute("aria-pressed", String(root.dataset.text === "large")) });
  on("click", "[data-text-size]", function (e, b) { var big = root.dataset.text !== "large"; if (big) root.dataset.text = "large"; else delete root.dataset.text; store("qc-text", big ? "large" : null); b.setAttribute("aria-pressed", String(big)); say(big ? "已切换到大字" : "已恢复标准字号") });
  function dark() { return root.dataset.theme ? root.dataset.theme === "dark" : !!window.matchMedia && matchMedia("(prefers-color-scheme:dark)").matches }
  all("[data-theme-toggle]").forEach(function (b) { b.setAttribute("aria-pressed", String(dark())) });
  on("click", "[data-theme-toggle]", function (e, b) { var to = !dark(); root.dataset.theme = to ? "dark" : "light"; store("qc-theme", root.dataset.theme); b.setAttribute("aria-pressed", String(to)) });

  /* dialogs: a link whose dialog is on the page opens it */
  function open_(id) { var x = d.getElementById(id); if (!x) return false; if (x.showModal) { if (!x.open) x.showModal() } else { x.setAttribute("open", ""); x.classList.add("is-flat") } return true }
  function shut(x) { if (x.close) x.close(); else x.removeAttribute("open") }
  on("click", "[data-open]", function (e, b) { if (open_(b.dataset.open)) e.preventDefault() });
  on("click", "[data-close]", function (e, b) { shut(b.closest("dialog")) });
  d.addEventListener("click", function (e) { if (e.target.nodeName === "DIALOG") shut(e.target) });
  on("click", "[data-dismiss]", function (e, b) { var t = b.closest(".toast"); if (t) t.remove() });

  var top = one(".ptop"); if (top) addEventListener("scroll", function () { top.classList.toggle("is-stuck", scrollY > 4) }, { passive: true });

  /* deadlines: days and hours, minutes only in the last hour, no ticking seconds */
  function left(ms) { if (ms <= 0) return "已截止"; var m = Math.floor(ms / 6e4), n = Math.floor(m / 1440), h = Math.floor(m % 1440 / 60); return "还剩 " + (n ? n + " 天" + (h ? " " + h + " 小时" : "") : h ? h + " 小时" : m + " 分钟") }
  function tick() {
    all("[data-deadline]").forEach(function (x) { var t = left(new Date(x.dataset.deadline) - now()); if (x.textContent !== t) x.textContent = t });
    all("[data-closes]").forEach(function (x) { if (new Date(x.dataset.closes) <= now()) { var p = make("p", "strong", x.dataset.then); x.replaceWith(p); say(x.dataset.then) } });
  }
  tick(); setInterval(tick, 2e4);

  /* what is wrong takes the focus */
  var errs = one("#errs"); if (errs && !location.hash) errs.focus({ preventScroll: true });
  on("click", ".err-sum a", function (e, a) { var x = d.getElementById(a.hash.slice(1)); if (x) { e.preventDefault(); x.focus(); x.scrollIntoView({ block: "center" }) } });

  /* a select that acts at once presses its form's own button */
  function press(f) { var b = one("[type=submit]", f); if (b) b.click() }
  on("change", "form[data-auto] select, form[data-auto] [type=date], form[data-auto] [type=checkbox]", function (e, t) { press(t.form) });
  d.addEventListener("keydown", function (e) { var t = e.target; if (e.key === "Enter" && !e.isComposing && t.nodeName === "INPUT" && t.form && t.form.hasAttribute("data-auto")) { e.preventDefault(); press(t.form) } });

  /* a form is sent once: the button turns busy and keeps its width */
  function calm(f) { delete f.dataset.sent; all(".is-busy", f).forEach(function (b) { b.classList.remove("is-busy"); b.removeAttribute("aria-disabled") }) }
  d.addEventListener("submit", function (e) {
    var f = e.target, b = e.submitter || d.activeElement;
    if (f.method !== "post") return;
    if (f.dataset.sent) { e.preventDefault(); e.stopImmediatePropagation(); return }
    if (navigator.onLine === false) { e.preventDefault(); e.stopImmediatePropagation(); keep(f); toast(f.dataset.draft && root.dataset.who ? "网络断开，刚才填写的内容已存在这台" + (d.body.classList.contains("phone") ? "手机" : "设备") + "上" : "网络断开，连上以后再提交一次"); return }
    setTimeout(function () {
      if (e.defaultPrevented && !f.hasAttribute("hx-post")) return;
      f.dataset.sent = "1"; if (b && b.form === f && b.classList.contains("btn")) { b.classList.add("is-busy"); b.setAttribute("aria-disabled", "true") }
      if (f.dataset.draft) try { sessionStorage.setItem("qc-sent", name(f)) } catch (x) {}
      setTimeout(function () { calm(f) }, 15e3);
    }, 0);
  }, true);
  addEventListener("pageshow", function (e) { if (e.persisted) all("form[data-sent]").forEach(calm) });
  d.addEventListener("htmx:afterRequest", function (e) { var f = e.target.closest && e.target.closest("form[data-sent]"); if (f) calm(f) });
  on("submit", "[data-leave]", function () { try { Object.keys(localStorage).forEach(function (k) { if (k.indexOf("qc-draft:") === 0) localStorage.removeItem(k) }) } catch (e) {} });

  /* drafts of <form data-draft="name">, kept on this device for a week, under the account; numbers of papers and passwords are not kept */
  function name(f) { return "qc-draft:" + (root.dataset.who || "") + ":" + f.dataset.draft }
  function fields(f) { return Array.prototype.filter.call(f.elements, function (x) { return x.name && !/^(hidden|password|file|submit|button)$/.test(x.type) && !x.hasAttribute("data-private") && x.dataset.readback !== "id" }) }
  function read(f) { return fields(f).map(function (x) { return [x.name, x.value, /^(radio|checkbox)$/.test(x.type) ? x.checked : null] }) }
  function keep(f) { if (f.dataset.draft && root.dataset.who) { store(name(f), JSON.stringify({ at: Date.now(), v: read(f) })); var s = one("#saved"), t = new Date(); if (s) s.textContent = "已暂存 " + t.getHours() + ":" + ("0" + t.getMinutes()).slice(-2) } }
  try { var sent = sessionStorage.getItem("qc-sent"); sessionStorage.removeItem("qc-sent"); if (sent && !all("form[data-draft]").some(function (f) { return name(f) === sent })) store(sent, null) } catch (e) {}
  all("form[data-draft]").forEach(function (f) {
    if (!root.dataset.who) return;
    var wait, old = null; try { old = JSON.parse(load(name(f))) } catch (e) {}
    if (old && Date.now() - old.at > 6048e5) { store(name(f), null); old = null }
    if (old && !errs && JSON.stringify(old.v) !== JSON.stringify(read(f))) offer(f, old);
    f.addEventListener("input", function () { clearTimeout(wait); wait = setTimeout(function () { keep(f) }, 400) });
  });
  function offer(f, old) {
    var at = new Date(old.at), n = make("div", "notice notice--info row--wrap draft"), yes = make("button", "btn", "接着填"), no = make("button", "btn btn--ghost", "丢掉");
    n.setAttribute("role", "status"); n.append(make("span", "grow", "上次填写的内容存在这台设备上（" + (at.getMonth() + 1) + " 月 " + at.getDate() + " 日 " + at.getHours() + ":" + ("0" + at.getMinutes()).slice(-2) + "），还没有提交。"));
    yes.type = no.type = "button"; n.append(yes, no); f.prepend(n);
    yes.onclick = function () { var els = fields(f); old.v.forEach(function (p) { els.forEach(function (x) { if (x.name !== p[0]) return; if (p[2] === null) x.value = p[1]; else if (x.value === p[1]) x.checked = p[2]; x.dispatchEvent(new Event("input", { bubbles: true })) }) }); n.remove(); if (els[0]) els[0].focus(); say("已恢复上次填写的内容") };
    no.onclick = function () { store(name(f), null); n.remove(); say("已丢掉") };
  }

  /* numbers read back in groups while typing; the check digit of GB 11643 and GB 32100 */
  var ID = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  function idOk(v) { if (!/^\d{17}[\dX]$/.test(v)) return false; for (var s = 0, i = 0; i < 17; i++) s += v[i] * ID[i]; return "10X98765432"[s % 11] === v[17] }
  function creditOk(v) { for (var s = 0, w = 1, i = 0; i < 17; i++) { var k = CREDIT.indexOf(v[i]); if (k < 0) return false; s += k * w; w = w * 3 % 31 } return CREDIT[(31 - s % 31) % 31] === v[17] }
  function readback(inp) {
    var out = d.getElementById("r-" + inp.id), v = inp.value.replace(/\s/g, "").toUpperCase(), kind = inp.dataset.readback, full = kind === "phone" ? 11 : 18, ok;
    if (!out) return; out.className = "readback num"; out.textContent = "";
    if (!v || kind === "phone" && v[0] !== "1") return;
    if (kind === "date") { out.textContent = v.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, "$1 年 $2 月 $3 日"); return }
    if (v.length !== full) { out.textContent = v.length < full ? "已输入 " + v.length + " 位，还差 " + (full - v.length) + " 位" : "多了 " + (v.length - full) + " 位，现在是 " + v.length + " 位"; return }
    if (kind === "phone") { out.textContent = v.replace(/^(.{3})(.{4})(.{4})$/, "$1 $2 $3"); return }
    ok = kind === "id" ? idOk(v) : creditOk(v); out.classList.add(ok ? "is-ok" : "is-bad");
    out.textContent = v.replace(kind === "id" ? /^(.{6})(.{4})(.{2})(.{2})(.{4})$/ : /^(.{4})(.{4})(.{4})(.{4})(.{2})$/, "$1 $2 $3 $4 $5") + (ok ? kind === "id" ? "\n生日 " + v.slice(6, 10) + " 年 " + +v.slice(10, 12) + " 月 " + +v.slice(12, 14) + " 日" : "" : kind === "id" ? "\n有一位不对，对照证件再看一遍" : "\n有一位不对，对照执照再看一遍");
  }
  all("[data-readback]").forEach(readback);
  on("input", "[data-readback]", function (e, t) { readback(t) });

  /* how much is written of what a text may hold */
  on("input", "textarea[maxlength]", function (e, t) { var c = d.getElementById("n-" + t.id); if (c) c.textContent = t.value.length + "/" + t.maxLength });

  /* regions: the next level's options come as HTML */
  on("change", "[data-cascade]", function (e, sel) { var to = d.getElementById(sel.dataset.target); to.innerHTML = '<option value="">没有选</option>'; if (!sel.value) return; to.disabled = true; fetch(sel.dataset.cascade.replace("{code}", sel.value)).then(function (r) { if (!r.ok) throw r; return r.text() }).then(function (h) { to.innerHTML = h }, function () { toast("地区没有取到，重选一次就好") }).then(function () { to.disabled = false }) });

  /* pictures: shrunk before they are sent, but never below 1600 px or quality 0.6: legible text beats a smaller file */
  function kb(n) { return n > 1048576 ? (n / 1048576).toFixed(1) + " MB" : Math.max(1, Math.round(n / 1024)) + " KB" }
  on("change", "[data-list]", function (e, inp) {
    var ul = d.getElementById(inp.dataset.list), limit = +inp.dataset.shrink * 1024;
    Promise.all(Array.prototype.map.call(inp.files, function (f) { return limit ? shrink(f, limit).then(function (g) { return [f, g] }) : [f, f] })).then(function (pairs) { ul.textContent = ""; pairs.forEach(function (p) { row(ul, inp, pairs, p) }); give(inp, pairs); say("已添加 " + pairs.length + " 个文件") });
  });
  function give(inp, pairs) { try { var t = new DataTransfer(); pairs.forEach(function (p) { t.items.add(p[1]) }); inp.files = t.files } catch (x) {} }
  function row(ul, inp, pairs, p) {
    var f = p[0], g = p[1], li = make("li"), box = make("div", "grow"), im, b = make("button", "tool", "移除");
    if (/^image/.test(g.type)) { im = make("img"); im.alt = f.name + " 预览"; im.width = 56; im.height = 72; im.src = URL.createObjectURL(g); im.onload = function () { URL.revokeObjectURL(im.src) }; li.append(im) }
    box.append(make("div", "strong", f.name), make("div", "small soft num", g.size < f.size ? kb(f.size) + " → " + kb(g.size) : kb(f.size)));
    b.type = "button"; b.setAttribute("aria-label", "移除 " + f.name); b.onclick = function () { pairs.splice(pairs.indexOf(p), 1); give(inp, pairs); li.remove(); say("已移除 " + f.name); inp.focus() };
    li.append(box, b); ul.append(li);
  }
  function shrink(file, limit) {
    if (!/^image\/(jpe?g|png|webp|hei[cf])/.test(file.type) || file.size <= limit || !window.createImageBitmap) return Promise.resolve(file);
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (bm) {
      function draw(side, q) {
        var k = Math.min(1, side / Math.max(bm.width, bm.height)), c = make("canvas"); c.width = Math.round(bm.width * k); c.height = Math.round(bm.height * k);
        var x = c.getContext("2d"); x.fillStyle = "#fff"; x.fillRect(0, 0, c.width, c.height); x.drawImage(bm, 0, 0, c.width, c.height);
        return new Promise(function (done) { c.toBlob(done, "image/jpeg", q) }).then(function (o) { return !o || o.size <= limit || side <= 1600 && q <= .62 ? o : q > .72 ? draw(side, q - .12) : side > 1600 ? draw(1600, .84) : draw(side, q - .12) });
      }
      return draw(2200, .84).then(function (o) { return !o || o.size >= file.size ? file : new File([o], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) });
    }).catch(function () { return file });
  }
})();
