/* The browser snippet of Contact Sheets, served as /t.js.

   Put this before </head>, with your own write key and the collector's address:

     <script>window.sheets = window.sheets || [];</script>
     <script async src="https://collect.example.com/t.js" data-key="wk_…"></script>

   It gives each browser a first-party tracker (cookie `sheets_tracker`, one year, SameSite=Lax)
   and sends a page visit.  Anywhere, at any time, also before it has loaded:

     sheets.push(["track", "Product Viewed", {product_id: "42", price: 60}]);
     sheets.push(["identify", "customer-7", {email: "ana@example.com"}]);

   and once it has loaded, shorter:

     sheets.track(event, properties)   sheets.identify(userId, traits, signature)   sheets.identify(traits)
     sheets.page(properties)           for pages that change without loading
     sheets.reset()                    on signing out: another tracker, nobody known

   data-domain=".example.com" on the script tag shares the tracker among subdomains. */
(function (w, d) {
  var tag = d.currentScript || d.querySelector("script[data-key]"), key = tag.getAttribute("data-key");
  var url = new URL(tag.src).origin + "/v1/batch", domain = tag.getAttribute("data-domain");
  var waiting = w.sheets && w.sheets.length ? w.sheets : [], trackerCookie = "sheets_tracker", userCookie = "sheets_user";
  var uid = function () {
    return w.crypto && crypto.randomUUID ? crypto.randomUUID() :
      Date.now().toString(36) + Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  };
  var read = function (name) {
    var found = d.cookie.match(new RegExp("(?:^|; )" + name + "=([^;]*)"));
    return found && decodeURIComponent(found[1]);
  };
  var keep = function (name, value) {
    d.cookie = name + "=" + encodeURIComponent(value) + ";path=/;max-age=" + (value ? 31536000 : 0) + ";samesite=lax" +
      (domain ? ";domain=" + domain : "") + (location.protocol === "https:" ? ";secure" : "");
  };
  var tracker = read(trackerCookie) || uid(), user = read(userCookie), signature;
  var send = function (event) {
    event.messageId = uid();
    event.anonymousId = tracker;
    if (user) event.userId = user;
    event.timestamp = new Date().toISOString();
    event.context = {
      page: {url: location.href, path: location.pathname, title: d.title, referrer: d.referrer, search: location.search},
      userAgent: navigator.userAgent, locale: navigator.language, library: {name: "t.js"}
    };
    if (signature) event.context.identity_signature = signature;
    // As plain text, with the key inside: so no browser asks first, and a beacon may carry it.
    // A beacon of a page with a strict Referrer-Policy says "Origin: null"; a fetch names its page.
    var body = JSON.stringify({writeKey: key, sentAt: event.timestamp, batch: [event]});
    if ("keepalive" in Request.prototype || !navigator.sendBeacon)
      fetch(url, {method: "POST", body: body, keepalive: true, credentials: "omit"}).catch(function () {});
    else navigator.sendBeacon(url, body);
  };
  var sheets = {
    page: function (properties) { send({type: "page", properties: properties || {}}); },
    track: function (event, properties) { send({type: "track", event: event, properties: properties || {}}); },
    identify: function (id, traits, signed) {
      if (id && typeof id === "object") { traits = id; id = null; }
      signature = signed || signature;
      if (id) keep(userCookie, user = String(id));
      send({type: "identify", traits: traits || {}});
    },
    reset: function () { signature = ""; keep(userCookie, user = ""); keep(trackerCookie, tracker = uid()); },
    push: function (call) { sheets[call[0]].apply(null, [].slice.call(call, 1)); }
  };
  var start = function () {
    keep(trackerCookie, tracker);
    w.sheets = sheets;
    sheets.page();
    for (var i = 0; i < waiting.length; i++) sheets.push(waiting[i]);
  };
  // A page that is fetched ahead of time was not visited yet.
  if (d.prerendering) d.addEventListener("prerenderingchange", start, {once: true});
  else start();
})(window, document);
