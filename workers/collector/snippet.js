/* Contact Sheets: put this before </head>, with your own write key and address:
   <script async src="https://collect.example.com/t.js" data-key="wk_..."></script>
   Then, anywhere:  sheets.track("Product Viewed", {product_id: "42", price: 60})
                    sheets.identify("customer-7", {email: "ana@example.com"})
   Calls made before it has loaded wait in `window.sheets = window.sheets || []` as
   sheets.push(["track", "Product Viewed", {…}]). */
(function (w, d) {
  var tag = d.currentScript, key = tag.getAttribute("data-key"), host = new URL(tag.src).origin;
  var waiting = w.sheets && w.sheets.length ? w.sheets : [], name = "sheets_tracker";
  var uid = function () {
    return w.crypto && crypto.randomUUID ? crypto.randomUUID() :
      Date.now().toString(36) + Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  };
  var read = function (n) {
    var m = d.cookie.match(new RegExp("(?:^|; )" + n + "=([^;]*)"));
    return m && decodeURIComponent(m[1]);
  };
  var keep = function (n, v) {
    d.cookie = n + "=" + encodeURIComponent(v) + ";path=/;max-age=31536000;samesite=lax" +
      (location.protocol === "https:" ? ";secure" : "");
  };
  var tracker = read(name) || uid(), user = read("sheets_user");
  keep(name, tracker);
  var send = function (event) {
    event.messageId = uid();
    event.anonymousId = tracker;
    if (user) event.userId = user;
    event.timestamp = new Date().toISOString();
    event.context = {
      page: {url: location.href, path: location.pathname, title: d.title, referrer: d.referrer, search: location.search},
      userAgent: navigator.userAgent, locale: navigator.language, library: {name: "t.js"}
    };
    var body = JSON.stringify({writeKey: key, sentAt: event.timestamp, batch: [event]});
    if (!(navigator.sendBeacon && navigator.sendBeacon(host + "/v1/batch", body)))
      fetch(host + "/v1/batch", {method: "POST", body: body, keepalive: true, mode: "no-cors"}).catch(function () {});
  };
  var sheets = w.sheets = {
    page: function (p) { send({type: "page", properties: p || {}}); },
    track: function (event, p) { send({type: "track", event: event, properties: p || {}}); },
    identify: function (id, traits) {
      if (id && typeof id === "object") { traits = id; id = null; }
      if (id) keep("sheets_user", user = String(id));
      send({type: "identify", traits: traits || {}});
    },
    reset: function () { user = null; keep("sheets_user", ""); keep(name, tracker = uid()); },
    push: function (call) { sheets[call[0]].apply(null, [].slice.call(call, 1)); }
  };
  sheets.page();
  for (var i = 0; i < waiting.length; i++) sheets.push(waiting[i]);
})(window, document);
