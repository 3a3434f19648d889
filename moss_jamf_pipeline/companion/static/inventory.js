// The tabs and cards of the demo's own pages.
(() => {
  "use strict";
  // The script waits until React has taken elements over, which it shows by such a mark. Here nobody does.
  for (const element of document.querySelectorAll("body, body *")) element.__reactNever = true;
  const tabs = [...document.querySelectorAll('[role="tab"][data-tab-id]')];
  const show = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
  };
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      show(next);
      next.focus();
    });
  });
  for (const header of document.querySelectorAll(".collapsible-header")) {
    const turn = () => {
      const isOpen = header.getAttribute("aria-expanded") !== "true";
      header.setAttribute("aria-expanded", String(isOpen));
      const section = header.nextElementSibling;
      section.classList.toggle("expanded", isOpen);
      section.classList.toggle("collapsed", !isOpen);
    };
    header.addEventListener("click", turn);
    header.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn();
    });
  }
})();
