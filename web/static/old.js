// For browsers that cannot read the app at all: the one file written in the language of 2009. It says what is too old and what to do.
;(function () {
  // Cascade layers came with Chrome 99; whatever lacks them lacks more.
  if (window.CSSLayerBlockRule && window.structuredClone && [].findLast) return
  var agent = navigator.userAgent
  var version = (/(?:Chrome|Chromium)\/(\d+)/.exec(agent) || [])[1]
  var inApp = /; wv\)/.test(agent)
  var is = version ? (inApp ? 'Android WebView ' : 'Chrome ') + version : agent
  var said = [
    ['h1', '这个浏览器太旧，不能用来作业'],
    ['p', '本机是 ' + is + '，至少需要 Chrome 99（2022 年 3 月）。'],
    ['p', '有谷歌商店：更新 Chrome 和 Android System WebView，然后重新打开本页。'],
    ['p', '没有谷歌服务的 PDA：请管理员从厂商应用商店或安装包（APK）装一个新的 Chromium 浏览器，例如 Microsoft Edge，再用它打开本页。系统自带的旧浏览器装不上新内核。'],
    ['h1', 'This browser is too old to work with'],
    ['p', 'It is ' + is + '; Chrome 99 (March 2022) is the least.'],
    ['p', 'With Google Play: update Chrome and Android System WebView, then open this page again.'],
    ['p', 'A PDA without Google services: have a current Chromium browser installed from the maker’s store or as an APK, Microsoft Edge for example, and open this page in it. The browser it came with stays old.'],
  ]
  function tell() {
    var app = document.getElementById('app')
    app.innerHTML = ''
    app.setAttribute('data-testid', 'too-old')
    app.style.cssText = 'display:block;max-width:30em;margin:0 auto;padding:16px;font:18px/1.5 sans-serif;color:#1c2326;background:#f6f2e9'
    for (var n = 0; n < said.length; n++) {
      var part = document.createElement(said[n][0])
      part.appendChild(document.createTextNode(said[n][1]))
      if (said[n][0] === 'h1') part.style.cssText = 'font-size:22px;line-height:1.3;margin:24px 0 8px'
      else part.style.cssText = 'margin:0 0 8px'
      app.appendChild(part)
    }
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', tell)
  else tell()
  window.restowTooOld = true
})()
