// Before anything is painted: the chosen theme, and that there is JavaScript.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var theme = localStorage.getItem("confluence-export:theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  } catch (error) {
    // Storage may be forbidden: the system's theme it is.
  }
})();
