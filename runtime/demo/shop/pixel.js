/* The demo's pixel snippet: the fbq calls a shop already has, sent to the shop's own subdomain.
   Each event goes out as a GET of /tr, with one event id that a browser pixel and the server copy share. */
(function () {
  'use strict';
  var ids = [];
  var listeners = [];

  function id(name) {
    var random = crypto.getRandomValues(new Uint32Array(2));
    return name.toLowerCase() + '.' + Date.now() + '.' + random[0].toString(36) + random[1].toString(36);
  }

  function query(pixel, name, data, eventId) {
    var params = new URLSearchParams({ id: pixel, ev: name, dl: location.href, rl: document.referrer, if: 'false' });
    params.set('ts', String(Date.now()));
    Object.keys(data).forEach(function (key) {
      var value = data[key];
      params.set('cd[' + key + ']', typeof value === 'object' ? JSON.stringify(value) : String(value));
    });
    params.set('sw', String(screen.width));
    params.set('sh', String(screen.height));
    params.set('v', 'demo');
    params.set('eid', eventId);
    params.set('rqm', 'FGET');
    return params.toString();
  }

  function track(name, data, options) {
    var eventId = (options && options.eventID) || id(name);
    ids.forEach(function (pixel) {
      function tell(status) { listeners.forEach(function (listener) { listener(name, eventId, status); }); }
      tell('sent');
      fetch('/tr?' + query(pixel, name, data || {}, eventId), { credentials: 'include', keepalive: true, mode: 'same-origin' })
        .then(function (answer) { tell(String(answer.status)); }, function () { tell('failed'); });
    });
    return eventId;
  }

  window.fbq = function (command, first, second, third) {
    if (command === 'init') { ids.push(String(first)); return undefined; }
    if (command === 'track' || command === 'trackCustom') { return track(first, second, third); }
    if (command === 'onsent') { listeners.push(first); }
    return undefined;
  };
}());
