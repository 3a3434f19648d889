/*
 * Pages that have the hooks of M.O.S.S.'s and nothing else of it, rendered by real React: tabs that render another panel,
 * cards, navigation without a load, a state of loading in which nothing is there. Written for tests.
 */
(() => {
  "use strict";
  const modules = {};
  const require = (name) => {
    const found = modules[name];
    if (!found.exports) {
      found.exports = {};
      const module = { exports: found.exports };
      found.define(require, module, module.exports);
      found.exports = module.exports;
    }
    return found.exports;
  };
  window.define = (name, define) => (modules[name] = { define });

  window.beginHost = () => {
    const React = require("react");
    const { hydrateRoot } = require("react-dom/client");
    const h = React.createElement;
    const without = new URLSearchParams(location.search).get("without") || "";
    window.reactErrors = [];

    const TABS = {
      devices: ["overview", "ios", "history"],
      people: ["overview", "devices", "groups"],
      groups: ["overview", "members", "history"],
    };

    const Card = ({ title, children }) => {
      const [isOpen, setOpen] = React.useState(true);
      return h("div", { className: "card" },
        h("div", { className: "collapsible-header", role: "button", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) },
          h("div", { className: "card-header" }, h("h2", null, title))),
        h("div", { className: `collapsible-section ${isOpen ? "expanded" : "collapsed"}` },
          h("div", { className: "grid grid-2" }, children)));
    };

    const Panel = ({ tab, title, count }) =>
      h("div", { role: "tabpanel", id: `tabpanel-${tab}`, "aria-labelledby": `tab-${tab}`, key: tab },
        tab === "overview"
          ? h("div", { className: "column" },
              h(Card, { title: "Basics" }, h("div", null, `Name: ${title}`), h("div", null, `Rendered ${count} times`)),
              h(Card, { title: "Location" }, h("div", null, "Building: North")))
          : h("p", null, `Panel ${tab}`));

    const Tab = ({ id, isActive, select, keys }) =>
      h("button", {
        type: "button", role: "tab", "data-tab-id": id, id: `tab-${id}`, "aria-selected": isActive,
        "aria-controls": `tabpanel-${id}`, tabIndex: isActive ? 0 : -1, onClick: () => select(id), onKeyDown: keys,
        style: {
          background: isActive ? "rgba(255,255,255,.2)" : "transparent", fontWeight: isActive ? 600 : 400,
          border: `1px solid ${isActive ? "rgba(255,255,255,.3)" : "transparent"}`, color: "var(--color-off-white)",
          borderRadius: "4px", padding: "var(--spacing-xs) var(--spacing-sm)", fontSize: "var(--font-size-base)", cursor: "pointer",
        },
      }, id === "ios" ? "Interfaces/Ports" : id[0].toUpperCase() + id.slice(1));

    const Detail = ({ kind, id, count }) => {
      const [isThere, setThere] = React.useState(false);
      const [tab, setTab] = React.useState("overview");
      React.useEffect(() => {
        setThere(false);
        setTab("overview");
        const timer = setTimeout(() => setThere(true), 40);
        return () => clearTimeout(timer);
      }, [kind, id]);
      window.reloadDetail = () => {
        setThere(false);
        setTimeout(() => setThere(true), 40);
      };
      if (!isThere) return h("div", { className: "container" }, h("div", { role: "status" }, "Loading..."));
      const tabs = TABS[kind];
      const title = `${kind} ${id.slice(0, 8)}`;
      const keys = (event) => {
        const at = tabs.indexOf(tab);
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        const next = tabs[(to + tabs.length) % tabs.length];
        setTab(next);
        document.querySelector(`[data-tab-id="${next}"]`).focus();
      };
      return h(React.Fragment, null,
        h("div", { className: "header" },
          h("div", { className: "container" },
            h("div", null, h("h1", null, title)),
            without === "tablist" ? null : h("div", { className: "hide-scrollbar" },
              h("div", { role: "tablist", "aria-label": `${title} tabs` },
                tabs.map((each) => h(Tab, { key: each, id: each, isActive: each === tab, select: setTab, keys })))))),
        h("div", { className: "container" },
          h("div", { className: "padded" }, without === "panel" ? null : Panel({ tab, title, count }))));
    };

    const Integrations = ({ count }) =>
      h("div", { className: "container" }, h("h1", null, "Integrations"),
        h("section", null, h("h2", null, "JAMF"), h("div", { className: "card" }, `Rendered ${count} times`)));

    const App = () => {
      const [path, setPath] = React.useState(location.pathname);
      const [count, setCount] = React.useState(1);
      React.useEffect(() => {
        const renew = () => setPath(location.pathname);
        addEventListener("popstate", renew);
        return () => removeEventListener("popstate", renew);
      }, []);
      window.rerender = () => setCount((before) => before + 1);
      window.visit = (address) => {
        history.pushState(null, "", address);
        setPath(address);
      };
      const found = /^\/(devices|people|groups)\/([^/]+)$/.exec(path);
      return h("main", null,
        found ? h(Detail, { kind: found[1], id: found[2], count })
          : path === "/admin/integrations" ? h(Integrations, { count })
            : h("div", { className: "container" }, h("h1", null, "Devices")));
    };

    window.root = hydrateRoot(document.getElementById("root"), h(App), {
      onRecoverableError: (error) => window.reactErrors.push(String(error)),
      onUncaughtError: (error) => window.reactErrors.push(String(error)),
    });
  };
})();
