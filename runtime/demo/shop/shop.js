/* What a shop's own code does: one fbq call per step. The list at the foot shows each hit and its answer. */
(function () {
  'use strict';
  var PRODUCT = { content_ids: ['mug-1'], content_type: 'product', content_name: 'Blue mug', value: 12.5, currency: 'EUR' };
  var LINES = [{ id: 'mug-1', quantity: 1, item_price: 12.5 }];
  var WORDS = { sent: 'sent', 200: 'accepted' };
  var SENT_KEY = 'demo-sent';
  var SENT_PART = [
    '<section class="sent" id="sent-part" aria-label="Hits sent" hidden>',
    '<b>Sent to this server</b>',
    '<ol id="sent"></ol>',
    '<p>See each of them, from the hit to the request that Meta would get:</p>',
    '<pre>firsthand events list\nfirsthand events show ID</pre>',
    '</section>',
  ].join('');

  function sent() { return JSON.parse(sessionStorage.getItem(SENT_KEY) || '[]'); }

  function draw() {
    var list = document.getElementById('sent');
    list.replaceChildren();
    sent().forEach(function (entry) {
      var row = document.createElement('li');
      var name = document.createElement('b');
      name.textContent = entry.name;
      var detail = document.createElement('code');
      detail.textContent = entry.id;
      detail.className = 'event-id';
      row.dataset.event = entry.name;
      row.dataset.id = entry.id;
      row.dataset.status = entry.status;
      row.append(name, ' ', detail, ' ' + (WORDS[entry.status] || 'not accepted (' + entry.status + ')'));
      list.append(row);
    });
    document.getElementById('sent-part').hidden = sent().length === 0;
  }

  function order() {
    var id = sessionStorage.getItem('demo-order') || String(Date.now());
    sessionStorage.setItem('demo-order', id);
    return id;
  }

  document.querySelector('main').insertAdjacentHTML('afterend', SENT_PART);

  fbq('onsent', function (name, id, status) {
    var others = sent().filter(function (entry) { return entry.id !== id; });
    sessionStorage.setItem(SENT_KEY, JSON.stringify(others.concat([{ name: name, id: id, status: status }])));
    draw();
  });
  fbq('init', '1234567890');
  fbq('track', 'PageView');

  var page = document.body.dataset.page;
  if (page === 'product') { fbq('track', 'ViewContent', PRODUCT); }
  if (page === 'thanks') {
    var number = order();
    document.getElementById('order').textContent = number;
    fbq('track', 'Purchase', { value: 12.5, currency: 'EUR', contents: LINES, content_type: 'product', order_id: number },
      { eventID: 'order.' + number });
    sessionStorage.removeItem('demo-order');
  }
  var add = document.getElementById('add');
  if (add) {
    add.addEventListener('click', function () {
      fbq('track', 'AddToCart', { value: 12.5, currency: 'EUR', contents: LINES, content_type: 'product' });
      document.getElementById('to-cart').hidden = false;
    });
    add.disabled = false;
  }
  draw();
}());
