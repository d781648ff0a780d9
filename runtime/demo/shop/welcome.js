(function () {
  'use strict';
  var link = document.getElementById('shop');
  var host = 'shop.localhost' + (location.port ? ':' + location.port : '');
  link.href = location.protocol + '//' + host + '/demo?fbclid=IwAR_demo_click';
  link.textContent = host + '/demo';
}());
