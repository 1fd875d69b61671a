// Texts that become code in as many places as they can, and a seeded maker of broken HTML.
export const polyglots = [
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert(1) )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert(1)//>\\x3e`,
  `">'><script>alert(1)</script><img src=x onerror=alert(1)>`,
  `'"></title></textarea></style></noscript></template></script><svg onload=alert(1)>`,
  `<svg><script>alert&lpar;1&rpar;</script><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
  `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
  `<a href="java&#x0A;script:alert(1)">a</a><a href=" &#14; javascript:alert(1)">b</a><a href="data:text/html,<script>alert(1)</script>">c</a>`,
  `<iframe srcdoc="<script>parent.alert(1)</script>"></iframe><object data="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="></object>`,
  `<img src=http://evil.invalid/a.png srcset="http://evil.invalid/b.png 2x"><video poster=//evil.invalid/c><source src=//evil.invalid/d></video>`,
  `<div style="background:url(http://evil.invalid/e);behavior:url(#x);width:expression(alert(1));@import 'http://evil.invalid/f'">x</div>`,
  `<style>@import url(http://evil.invalid/g);*{background:url(//evil.invalid/h)}</style><link rel=stylesheet href=//evil.invalid/i><link rel=dns-prefetch href=//evil.invalid>`,
  `<meta http-equiv=refresh content="0;url=http://evil.invalid/j"><base href="http://evil.invalid/"><a href=k>k</a>`,
  `<details open ontoggle=alert(1)><summary>x</summary></details><input autofocus onfocus=alert(1)><marquee onstart=alert(1)>x</marquee>`,
  `<x contenteditable onbeforeinput=alert(1) id=x tabindex=1 onfocus=alert(1)>x</x><body onload=alert(1)><audio src onerror=alert(1)>`,
  `<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><select><template><style><!--</style><a rel="--></style></template></select><img src onerror=alert(1)>">`,
  `{{constructor.constructor('alert(1)')()}}\${alert(1)}#{alert(1)}<%= alert(1) %>[[\${alert(1)}]]`,
  `<!--><img src=x onerror=alert(1)>--><![CDATA[<img src=x onerror=alert(1)>]]><?xml <img src=x onerror=alert(1)>?>`,
  `<IMG """><SCRIPT>alert(1)</SCRIPT>"\\><</sCript><svg/onload=alert(1)>`,
  `[a](javascript:alert(1)) [b](data:text/html,<script>alert(1)</script>) ![x](http://evil.invalid/l.png) <javascript:alert(1)>`,
  `\u2028\u2029<img\u00a0src=x\u00a0onerror=alert(1)>\u202e<script\u200b>alert(1)</script>`,
];

/** A generator of numbers below n that gives the same ones for the same seed. */
export function seeded(seed) {
  let x = seed >>> 0 || 1;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

const tags = ('a b p div span table tr td th tbody thead caption ul ol li dl dt dd img br hr pre code blockquote font center h1 svg math mtext mi mglyph malignmark ' +
  'annotation-xml foreignObject desc title style script template noscript noembed noframes xmp plaintext textarea select option iframe object embed form input ' +
  'button video audio source base link meta body html head frameset frame x-y details summary animate set use image').split(' ');
const attributes = ('href src srcset style class id name title alt onerror onload onclick onfocus autofocus xlink:href action formaction background poster data-src ' +
  'data-cid target rel width align srcdoc xmlns is slot encoding http-equiv content type value dynsrc').split(' ');
const values = ['javascript:alert(1)', 'JaVa\tScRiPt:alert(1)', '&#106;avascript:alert(1)', 'http://evil.invalid/x', '//evil.invalid/x', 'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xml,<svg onload=alert(1)>', 'vbscript:x', 'alert(1)', 'color:red', 'background:url(//evil.invalid/x)', 'x:expression(alert(1))', 'text/html', 'x', '', '1', '`', '"', "'",
  'mailto:a@b.c', 'https://ok.example/?a=1&amp;b=2', '</style><img src=x onerror=alert(1)>', '--><img src=x onerror=alert(1)>', '\0', '\u00a0', '&', '&lt;img src=x onerror=alert(1)&gt;', 'http://www.w3.org/2000/svg'];
const pieces = ['<!--', '-->', '--!>', '<![CDATA[', ']]>', '<?', '?>', '</', '<', '>', '"', "'", '`', '=', '&lt;', '&#60;', '&#x3c', '&amp;', '\0', '\n', '\t', '/', '/>', '<!doctype html>', 'text', '\ufeff', '&NewLine;', '<!', '< a', '\u2028', '\r'];

/** One broken document. */
export function brokenHtml(rand) {
  const pick = (a) => a[rand(a.length)];
  const attribute = () => {
    const quote = pick(['"', "'", '', '', '`']);
    return `${pick([' ', '\n', '/', '\t', ''])}${pick(attributes)}${pick(['=', ' = ', '=\n', ''])}${quote}${pick(values)}${pick([quote, quote, quote, ''])}`;
  };
  const open = () => `<${pick(tags)}${Array.from({ length: rand(4) }, attribute).join('')}${pick(['>', '>', '>', '/>', ' >', '', '\n>'])}`;
  const close = () => `</${pick(tags)}${pick(['>', '>', ' >', ' x>', ''])}`;
  let out = '';
  for (let i = 2 + rand(14); i > 0; i--) out += pick([open, open, open, close, close, () => pick(pieces), () => pick(values), () => pick(polyglots)])();
  return out;
}
