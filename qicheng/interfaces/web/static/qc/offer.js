/* The preview beside an invitation: what is typed shows as the graduate will read it. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-preview]");
  if (!form) return;
  function show(control) {
    var place = document.querySelector('[data-shows="' + control.name + '"]');
    if (!place) return;
    place.textContent = control.value.trim() || "单位没有填写";
    place.classList.toggle("none", !control.value.trim());
  }
  form.addEventListener("input", function (event) { show(event.target) });
})();
