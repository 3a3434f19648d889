/*
 * Puts what JAMF knows into M.O.S.S.'s own pages: a tab on devices, a card on people, a banner on groups, "View in JAMF" in
 * their headers, and the way to the dashboard on the page of integrations. A reverse proxy adds it to M.O.S.S.'s pages.
 *
 * M.O.S.S.'s pages are React's. So nothing of theirs is changed or moved: what is ours is added at the end of their
 * elements (or at the beginning of one), is put back when React throws an element away, and goes when its page goes.
 * Where something is not as it is expected to be, nothing appears. One request a page; another one where somebody asks.
 */
(() => {
  "use strict";
  if (window.mossJamf) return;
  window.mossJamf = true;

  const OURS = "data-moss-jamf";
  const STYLE = "%STYLE%";
  // While our tab is open: M.O.S.S.'s panel is hidden, and its active tab not shown as such, though React still holds it for it.
  const OPEN_STYLE =
    `[role="tablist"]>[data-tab-id]{background:transparent!important;border-color:transparent!important;font-weight:400!important}` +
    `[role="tabpanel"]:not([${OURS}]){display:none!important}`;
  const PAGE = /^\/(devices|people|groups)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/?$/i;
  const MOST_PLACINGS = 200; // on one page: a host that takes away what is put there is not fought for ever

  const SECONDS_OF_PATIENCE = 10; // with a page that does not show how React takes it over

  let path = null; // of the page that is shown
  let kind = null;
  let fragment = null; // what the server told of it
  let isOpen = false; // our tab
  let isScheduled = false;
  let placings = 0;
  let asking = null;

  const guarded = (work) => (...given) => {
    try {
      return work(...given);
    } catch (error) {
      leave();
      fragment = null;
      if (window.console) console.debug("moss-jamf:", error);
      return undefined;
    }
  };

  const mossTabs = (list) => [...list.querySelectorAll(':scope > [role="tab"][data-tab-id]')];
  const tabList = () =>
    [...document.querySelectorAll('[role="tablist"]')].find((list) => mossTabs(list).length > 0);
  const mossPanel = () => document.querySelector(`[role="tabpanel"]:not([${OURS}])`);
  const ours = (name) => document.querySelector(`[${OURS}="${name}"]`);

  // -- what is put into the page ------------------------------------------------------------------

  const shadowed = (name, className) => {
    const host = document.createElement("div");
    host.setAttribute(OURS, name);
    const root = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = STYLE;
    const content = document.createElement("div");
    content.className = className;
    root.append(style, content);
    return host;
  };

  const contentOf = (host) => host.shadowRoot.lastElementChild;

  const fill = (host, html) => {
    if (host.shownHtml === html) return;
    host.shownHtml = html;
    contentOf(host).innerHTML = html; // escaped by the server
  };

  /** Whether React has taken an element over: before that, what is added to it is in the way of its hydration. */
  const isReacts = (element) =>
    Object.keys(element).some((key) => key.startsWith("__react")) ||
    performance.now() > SECONDS_OF_PATIENCE * 1000;

  /** Sees to it that an element of ours is in its place, and only then touches the document. */
  const keep = (name, parent, make, isFirst) => {
    let host = ours(name);
    const isThere = host && host.parentNode === parent;
    if (!isThere) {
      if (!isReacts(parent)) {
        setTimeout(schedule, 100); // React says nothing when it is ready
        return null;
      }
      if (++placings > MOST_PLACINGS) return null;
      host = host || make();
      if (isFirst) parent.insertBefore(host, parent.firstChild);
      else parent.appendChild(host);
    }
    return host;
  };

  const drop = (name) => {
    const host = ours(name);
    if (host) host.remove();
  };

  const leave = () => {
    close();
    for (const host of document.querySelectorAll(`[${OURS}]`)) host.remove();
  };

  // -- the tab ------------------------------------------------------------------------------------

  let openStyle = null;

  const open = () => {
    const tab = ours("tab");
    const panel = ours("panel");
    if (!tab || !panel || isOpen) return;
    isOpen = true;
    if (!openStyle) {
      openStyle = document.createElement("style");
      openStyle.setAttribute(OURS, "style");
      openStyle.textContent = OPEN_STYLE;
    }
    document.head.appendChild(openStyle);
    dress();
    // What the capture told was shown at once; JAMF's own answer will be there by now.
    if (fragment && fragment.is_pending) again();
  };

  const close = () => {
    isOpen = false;
    if (openStyle) openStyle.remove();
    dress();
  };

  const dress = () => {
    const tab = ours("tab");
    const panel = ours("panel");
    if (panel && panel.hidden === isOpen) panel.hidden = !isOpen;
    if (!tab || tab.getAttribute("aria-selected") === String(isOpen)) return;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    tab.style.background = isOpen ? "rgba(255,255,255,.2)" : "transparent";
    tab.style.borderColor = isOpen ? "rgba(255,255,255,.3)" : "transparent";
    tab.style.fontWeight = isOpen ? "600" : "400";
  };

  /** Our tab looks as its neighbours do, whatever M.O.S.S. or a branding of it makes of them. */
  const LOOK = ["fontFamily", "fontSize", "lineHeight", "letterSpacing", "padding", "borderRadius", "color", "textTransform"];

  const makeTab = (list) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = "tab-moss-jamf";
    tab.setAttribute(OURS, "tab");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "tabpanel-moss-jamf");
    tab.textContent = fragment.label;
    tab.style.cssText = "border:1px solid transparent;cursor:pointer;white-space:nowrap";
    const neighbour = getComputedStyle(mossTabs(list)[0]);
    for (const property of LOOK) tab.style[property] = neighbour[property];
    return tab;
  };

  const makePanel = () => {
    const panel = shadowed("panel", "jamf");
    panel.id = "tabpanel-moss-jamf";
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", "tab-moss-jamf");
    panel.tabIndex = 0;
    panel.hidden = true;
    panel.shadowRoot.addEventListener(
      "click",
      guarded((event) => {
        if (event.target instanceof Element && event.target.closest("[data-again]")) again();
      }),
    );
    return panel;
  };

  const placeTab = () => {
    const list = tabList();
    const panel = mossPanel();
    if (!list || !panel || !panel.parentNode) {
      drop("tab");
      drop("panel");
      close();
      return;
    }
    const host = keep("panel", panel.parentNode, makePanel);
    const tab = keep("tab", list, () => makeTab(list));
    if (!host || !tab) return;
    fill(host, fragment.html);
    dress();
  };

  const onClick = (event) => {
    if (!(event.target instanceof Element)) return;
    const tab = event.target.closest('[role="tab"]');
    if (!tab) return;
    if (tab.getAttribute(OURS) === "tab") {
      // React would take it for a click on its own element around it.
      event.stopPropagation();
      event.preventDefault();
      open();
    } else if (isOpen && tab.hasAttribute("data-tab-id")) {
      // Of the tab that React holds for active nothing will be rendered: its panel has to come back by us.
      close();
    }
  };

  /** Arrow keys, Home and End lead from M.O.S.S.'s tabs to ours and back, as if it were one of them. */
  const onKey = (event) => {
    if (!(event.target instanceof Element) || event.altKey || event.ctrlKey || event.metaKey) return;
    const tab = event.target.closest('[role="tab"]');
    const mine = ours("tab");
    const list = tab && tab.parentElement;
    if (!tab || !mine || mine.parentElement !== list) return;
    const tabs = [...mossTabs(list), mine];
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (tab === mine && (event.key === "Enter" || event.key === " ")) {
      event.stopPropagation();
      event.preventDefault();
      open();
      return;
    }
    if (at < 0 || to === undefined) return;
    const next = tabs[(to + tabs.length) % tabs.length];
    if (next !== mine && tab !== mine) {
      // M.O.S.S.'s own way from one of its tabs to another.
      if (isOpen) close();
      return;
    }
    event.stopPropagation();
    event.preventDefault();
    if (next === mine) open();
    else next.click(); // M.O.S.S. activates what the keyboard reaches; ours closes by it
    next.focus();
  };

  // -- the other places ---------------------------------------------------------------------------

  const placeHeader = () => {
    const heading = document.querySelector(".container h1");
    const list = tabList();
    if (!fragment.link || !heading || !heading.parentElement || !list) return drop("header");
    const host = keep("header", heading.parentElement, () => shadowed("header", "jamf header"));
    if (!host || host.shownHref === fragment.link.href) return undefined;
    host.shownHref = fragment.link.href;
    const link = document.createElement("a");
    link.href = fragment.link.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = `${fragment.link.label} →`;
    contentOf(host).replaceChildren(link);
    return undefined;
  };

  const placeCard = () => {
    const panel = document.getElementById("tabpanel-overview");
    if (!panel) return drop("card");
    const cards = panel.querySelectorAll(".card");
    const column = cards.length ? cards[cards.length - 1].parentElement : panel;
    const host = keep("card", column, () => shadowed("card", "jamf"));
    if (host) fill(host, fragment.html);
    return undefined;
  };

  const placeBanner = () => {
    const panel = mossPanel();
    if (!panel || !panel.parentNode) return drop("banner");
    const host = keep("banner", panel.parentNode, () => shadowed("banner", "jamf"), true);
    if (host) fill(host, fragment.html);
    return undefined;
  };

  const placeDashboard = () => {
    const containers = document.querySelectorAll(".container");
    const container = containers[containers.length - 1];
    // What M.O.S.S. shows before the page is there, and to who may not see it, has no sections.
    if (!container || !document.querySelector(".container h2")) return drop("dashboard");
    const host = keep("dashboard", container, () => shadowed("dashboard", "jamf apart"));
    if (host) fill(host, fragment.html);
    return undefined;
  };

  // -- what is shown now --------------------------------------------------------------------------

  const place = () => {
    if (!fragment) return;
    if (kind === "integrations") {
      placeDashboard();
      return;
    }
    placeHeader();
    if (kind === "devices") placeTab();
    if (kind === "people") placeCard();
    if (kind === "groups") placeBanner();
  };

  const ask = (query) => {
    if (asking) asking.abort();
    const mine = new AbortController();
    asking = mine;
    const wanted = path;
    const id = (PAGE.exec(wanted) || [])[2];
    const address = `/jamf/fragments/${kind}${id ? `/${id}` : ""}${query}`;
    return fetch(address, {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
      signal: mine.signal,
    })
      .then((answer) => {
        if (answer.status === 200) return answer.json();
        if (answer.body) answer.body.cancel().catch(() => null); // what is not read keeps a connection
        return null;
      })
      .catch(() => null)
      .then((told) => {
        if (asking === mine) asking = null;
        // The page that it was asked for may be gone.
        return wanted === path && !mine.signal.aborted ? told : undefined;
      });
  };

  const again = () => {
    const panel = ours("panel");
    const button = panel && panel.shadowRoot.querySelector("[data-again]");
    if (button) {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Asking JAMF …";
    }
    const hadFocus = button && panel.shadowRoot.activeElement === button;
    ask("?fresh=true").then(
      guarded((told) => {
        if (told === undefined) return;
        if (told) fragment = told;
        const host = ours("panel");
        if (!host) return;
        host.shownHtml = null;
        fill(host, fragment.html);
        const renewed = host.shadowRoot.querySelector("[data-again]");
        if (!told && renewed) renewed.textContent = "Try again";
        if (hadFocus && renewed) renewed.focus();
      }),
    );
  };

  const arrive = () => {
    const found = PAGE.exec(path);
    kind = found ? found[1] : /^\/admin\/integrations\/?$/.test(path) ? "integrations" : null;
    if (!kind) {
      if (asking) asking.abort();
      return;
    }
    ask("").then(
      guarded((told) => {
        if (!told) return;
        fragment = told;
        look();
      }),
    );
  };

  const look = guarded(() => {
    isScheduled = false;
    if (location.pathname !== path) {
      path = location.pathname;
      fragment = null;
      placings = 0;
      leave();
      arrive();
    }
    place();
  });

  /** Once a frame, however much React changes: what it is about to change again is let alone. */
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(look);
  };

  const begin = guarded(() => {
    // The document itself: React may put another body into it.
    new MutationObserver(schedule).observe(document.documentElement, { childList: true, subtree: true });
    addEventListener("popstate", schedule);
    if (window.navigation && navigation.addEventListener)
      navigation.addEventListener("currententrychange", schedule);
    document.addEventListener("click", guarded(onClick), true);
    document.addEventListener("keydown", guarded(onKey), true);
    schedule();
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
