/* Numbers from a scanner: it types and presses Enter, which goes to the next empty field instead of sending the form. */
(function () {
  "use strict";
  var fields = Array.prototype.slice.call(document.querySelectorAll("input[data-scan]"));
  var next = fields.filter(function (one) { return one.autofocus })[0];
  if (next && document.activeElement === document.body) next.focus();
  fields.forEach(function (field, place) {
    field.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || event.isComposing || !field.value.trim()) return;
      var next = fields.slice(place + 1).concat(fields.slice(0, place)).filter(function (one) { return !one.value.trim() })[0];
      event.preventDefault();
      if (next) { next.focus(); return }
      var send = field.form && field.form.querySelector('button[value="send"]');
      if (send) send.focus();
    });
  });
})();
