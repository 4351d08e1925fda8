/* Forms that ask by what was answered: fields that another one calls for, and names offered while one types.
   Without it every field shows, with its condition in words, and the server takes what is asked and finds names by itself. */
(function () {
  "use strict";
  var d = document;
  function chosen(form, name) {
    var found = form.querySelectorAll('[name="' + name + '"]:checked, select[name="' + name + '"]');
    return Array.prototype.filter.call(found, function (one) { var box = one.closest("[data-when]"); return !(box && box.hidden) })
      .map(function (one) { return one.value });
  }
  function show(form) {
    form.querySelectorAll("[data-when]").forEach(function (box) {
      var parts = box.dataset.when.split("=");
      var said = chosen(form, parts[0]);
      box.hidden = !parts[1].split(" ").some(function (value) { return said.indexOf(value) >= 0 });
    });
    form.querySelectorAll(".form-sec").forEach(function (part) {
      var fields = part.querySelectorAll(".field");
      part.hidden = fields.length > 0 && Array.prototype.every.call(fields, function (one) { return one.hidden });
    });
  }
  Array.prototype.map.call(d.querySelectorAll("[data-when]"), function (box) { return box.closest("form") })
    .filter(function (form, at, all) { return form && all.indexOf(form) === at })
    .forEach(function (form) {
      show(form);
      form.addEventListener("change", function () { show(form) });
      form.addEventListener("input", function (e) { if (/^(radio|checkbox|select-one)$/.test(e.target.type)) show(form) });
    });

  d.querySelectorAll("[data-lookup]").forEach(function (control) {
    var list = d.createElement("datalist"), wait, last = "";
    list.id = "l-" + control.id; control.after(list); control.setAttribute("list", list.id);
    control.addEventListener("input", function () {
      clearTimeout(wait);
      wait = setTimeout(function () {
        var text = control.value.trim();
        if (text.length < 2 || text === last) return;
        last = text;
        fetch("/codes/" + control.dataset.lookup + "/?q=" + encodeURIComponent(text))
          .then(function (answer) { return answer.ok ? answer.text() : "" })
          .then(function (options) { if (text === last) list.innerHTML = options }, function () {});
      }, 200);
    });
  });
})();
