// Every text in every language, every code of the server with a text, and no text outside strings/.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { test } from 'node:test';

import * as machine from '../../web_demo/machine.js';
import english from '../../web_demo/strings/en.js';
import { dir, language, languages, load, words } from '../../web_demo/strings/index.js';

const HERE = import.meta.url;
const ROOT = new URL('../../', HERE);
const read = (path) => readFileSync(new URL(path, ROOT), 'utf8');
const TEXTS = Object.fromEntries(
  await Promise.all(languages.map(async (lang) => [lang, (await import(`../../web_demo/strings/${lang}.js`)).default])),
);
const OTHERS = languages.filter((lang) => lang !== 'en');
const KEYS = Object.keys(english);
const entries = (lang) => Object.entries(TEXTS[lang]);

/** What is wrong, one line each; an empty list is what is wanted. */
const none = (found) => assert.deepEqual([...found], []);
const where = (lang, wrong) => entries(lang).filter(([key, text]) => wrong(text, key)).map(([key, text]) => `${lang} ${key}: ${text}`);

test('the languages are those of the files, and those the issue names', () => {
  const files = readdirSync(new URL('web_demo/strings/', ROOT)).map((name) => name.replace(/\.js$/, ''));
  assert.deepEqual(new Set(files), new Set([...languages, 'index']));
  assert.deepEqual(new Set(languages), new Set(['en', 'es', 'fr', 'de', 'pt', 'ar', 'hi', 'zh']));
});

// --- Every language says the same ---

const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
const END = { '.': /[.।。]$/, '?': /[?؟？]$/, '…': /…$/ };
/** A text without a stop at its end stays without one. */
const endsAlike = (text, original) => Object.entries(END).every(([mark, end]) => original.endsWith(mark) === end.test(text));

for (const lang of OTHERS) {
  test(`${lang}: has every key and none too many`, () => {
    assert.deepEqual(Object.keys(TEXTS[lang]).sort(), [...KEYS].sort());
  });
  test(`${lang}: has the placeholders of the English`, () => {
    none(where(lang, (text, key) => `${placeholders(text)}` !== `${placeholders(english[key] ?? '')}`));
  });
  test(`${lang}: ends a text as the English does`, () => none(where(lang, (text, key) => !endsAlike(text, english[key] ?? ''))));
}

for (const lang of languages) {
  test(`${lang}: no text is empty, ragged or typed with the marks of a typewriter`, () => {
    none(where(lang, (text) => !text || text !== text.trim() || /\s\s|\.\.\.|["'`<>&]/.test(text)));
  });
  test(`${lang}: prompts and guidance can be read at a glance`, () => {
    none(where(lang, (text, key) => /^(prompt|guidance)\./.test(key) && text.length > 60));
  });
}

// --- Nothing is left in English ---

/** Words that are spelt alike, by key. */
const ALIKE = { fr: ['adjust.options'] };
const NAMES = /Chrome|Edge|Firefox|Safari|Wi-Fi|VPN|https:/g;
/** Words of English that none of the four other languages in Latin letters has. */
const ENGLISH = /\b(the|your|you|with|then|again|this|try|is|of|and)\b/i;
const LATIN = ['es', 'fr', 'de', 'pt'];

for (const lang of OTHERS) {
  test(`${lang}: nothing is left in English`, () => {
    const foreign = LATIN.includes(lang) ? ENGLISH : /[A-Za-z]/;
    const plain = (text) => text.replace(NAMES, '').replace(/\{\w+\}/g, '');
    none(where(lang, (text, key) => text === english[key] && !ALIKE[lang]?.includes(key)));
    none(where(lang, (text) => foreign.test(plain(text))));
  });
}

test('a text that is spelt alike is named only while it is', () => {
  none(Object.entries(ALIKE).flatMap(([lang, keys]) => keys.filter((key) => TEXTS[lang][key] !== english[key])));
});

// --- One way to address a person, and each language's own marks ---

const word = (...forms) => new RegExp(`(?<!\\p{L})(${forms.join('|')})(?!\\p{L})`, 'iu');
/** Forms of the address that a language does not use here. */
const FAMILIAR = {
  es: word('tú', 'tu', 'tus', 'te', 'ti', 'contigo'),
  fr: word('tu', 'te', 'toi', 'ton', 'ta', 'tes'),
  de: word('du', 'dich', 'dir', 'dein', 'deine', 'deinen', 'deiner', 'deinem'),
  pt: word('tu', 'te', 'ti', 'teu', 'tua', 'contigo'),
  hi: /तुम|तुझ|तेर/u,
  zh: /你/u,
};
/** Marks that are wrong in a language. */
const MISPRINT = {
  en: / [?!;:,]/u,
  es: /(?<!¿[^?]*)\?|(?<!¡[^!]*)!| [?!;:,]/u,
  fr: /[^\u202f][?!;]|[^\u00a0]:(?!\/)|«(?!\u00a0)|(?<!\u00a0)»/u,
  de: / [?!;:,]|“(?=\p{L})|[^\u00a0]…/u,
  pt: / [?!;:,]/u,
  ar: /[,;?]|(?<!\u2066)https/u,
  hi: /(?<=\p{M}|\p{L})\.| [।?!;:,]/u,
  zh: /(?<=\p{Script=Han})[,.;:?!()]|(?<!…)…(?!…)|[，。；：？！（）] /u,
};
const PAIRS = ['“”', '„“', '«»', '（）', '\u2066\u2069'];
const balanced = (text, [open, close]) => (open === '“' && text.includes('„')) || text.split(open).length === text.split(close).length
  || (close === '“' && !text.includes(open));

for (const lang of languages) {
  test(`${lang}: one form of address`, () => none(where(lang, (text) => FAMILIAR[lang]?.test(text))));
  test(`${lang}: the marks are its own`, () => {
    none(where(lang, (text) => MISPRINT[lang].test(text)));
    none(where(lang, (text) => !PAIRS.every((pair) => balanced(text, pair))));
  });
}

// --- What a person is told ---

test('no text blames, and none says what looked or decided', () => {
  const blame = /\b(you (did|have|were|are) not|you failed|your fault|(?<!went )wrong|invalid|illegal|forbidden|must|denied)\b/i;
  const secret = /\b(spoof|fake|attack|fraud|impost|liveness|score|threshold|pulse|depth|texture|deepfake|match|algorithm|biometric)/i;
  none(where('en', (text) => blame.test(text) || secret.test(text)));
});

test('the choice of more time is called the same wherever it is named', () => {
  for (const lang of languages) {
    const name = TEXTS[lang]['profile.extended-time'];
    for (const key of ['problem.too_slow.do', 'reason.too_slow.do']) assert.ok(TEXTS[lang][key].includes(name), `${lang} ${key}`);
  }
});

// --- Every code that the server can send has a text ---

/** The codes in backquotes of a generated table of protocol.md: the first column, or all of a list. */
function tabled(name) {
  const table = read('server/docs/protocol.md').split(`<!-- table: ${name} -->`)[1].split('<!-- end -->')[0];
  return [...table.matchAll(table.trim().startsWith('|') ? /^\| `([\w-]+)`/gm : /`([\w-]+)`/g)].map(([, code]) => code);
}

/** The hints of a verdict stand in the server's source only. */
function hinted() {
  const source = read('server/src/liveness_server/engine/fusion.py');
  const mapped = [...source.matchAll(/^ {4}"[\w:]+": "(\w+)",$/gm)].map(([, hint]) => hint);
  const returned = [...source.split('def hint_for')[1].matchAll(/return "(\w+)"/g)].map(([, hint]) => hint);
  return [...mapped, ...returned];
}

const vectors = (type) => JSON.parse(read('tests/contract/server_messages.json')).valid.map(({ means }) => means).filter((means) => means.type === type);
/** Families of keys, what names their members, and whether a family ends with those. */
const FAMILIES = [
  { of: 'guidance', codes: [...tabled('guidance'), ...vectors('guidance').map(({ code }) => code).filter((code) => /^[a-z_]+$/.test(code))] },
  { of: 'prompt', codes: [...tabled('challenges'), ...vectors('challenge').map(({ kind }) => kind)] },
  { of: 'hint', codes: tabled('challenges') },
  { of: 'problem', codes: Object.keys(machine.PROBLEMS), also: ['do'] },
  { of: 'reason', codes: [...tabled('guidance'), ...hinted()], also: ['do'] },
  { of: 'profile', codes: machine.PROFILES, also: ['text'], more: true },
  { of: 'state', codes: Object.keys(machine.TRANSITIONS), more: true },
  { of: 'meter', codes: ['ok', 'too_dark', 'too_bright', 'backlit'], more: true },
];

for (const { of, codes, also = [], more = false } of FAMILIES) {
  const wanted = [...new Set(codes)].flatMap((code) => [`${of}.${code}`, ...also.map((part) => `${of}.${code}.${part}`)]);
  test(`${of}: each of ${codes.length} codes has its texts`, () => {
    assert.ok(codes.length >= 3, 'the codes were found');
    none(wanted.filter((key) => !(key in english)));
  });
  if (more) continue;
  test(`${of}: no text is of a code that does not exist`, () => {
    none(KEYS.filter((key) => key.startsWith(`${of}.`) && !wanted.includes(key)));
  });
}

test('every close code of the protocol means a problem that has a text', () => {
  for (const code of Object.values(JSON.parse(read('tests/contract/close_codes.json')).codes)) {
    assert.ok(`problem.${machine.PROBLEM_OF_CLOSE[code]}` in english, String(code));
  }
});

// --- The words function ---

test('a region has the texts of its language, and an unknown language the English', async () => {
  for (const [tag, lang] of [['es-MX', 'es'], ['PT_br', 'pt'], ['zh-Hant-TW', 'zh'], ['sw', 'en'], ['', 'en'], [undefined, 'en'], ['constructor', 'en'], ['e', 'en']]) {
    assert.equal(language(tag), lang);
    assert.equal((await load(tag)).lang, lang);
  }
});

test('the direction is that of the texts shown', async () => {
  for (const tag of ['ar', 'ar-EG', 'AR']) assert.equal(dir(tag), 'rtl');
  for (const tag of ['en', 'de', 'he', '', undefined]) assert.equal(dir(tag), 'ltr'); // Hebrew has no texts: English is shown
  assert.equal((await load('ar')).dir, 'rtl');
});

test('values are filled in, numbers as the language writes them, and nothing is filled in twice', async () => {
  assert.equal(words('progress.step', { step: 2, steps: 3 }), 'Step 2 of 3');
  assert.equal((await load('fr'))('progress.step', { step: 2, steps: 3 }), 'Étape 2 sur 3');
  assert.equal((await load('hi'))('hold.countdown', { seconds: 0.5 }), `स्थिर रहें: ${(0.5).toLocaleString('hi')}`);
  assert.equal(words('hold.countdown', { seconds: '{seconds}' }), 'Hold still: {seconds}');
  assert.equal(words('hold.countdown'), 'Hold still: {seconds}');
});

test('a missing text shows the English, a missing English one its key', async () => {
  const spanish = await load('es');
  const kept = TEXTS.es['button.start'];
  delete TEXTS.es['button.start'];
  assert.equal(spanish('button.start'), 'Start');
  TEXTS.es['button.start'] = kept;
  for (const key of ['no.such.text', 'toString', 'button']) assert.equal(spanish(key), key);
});

test('a code that a newer server may send is met with a general text', async () => {
  for (const family of ['guidance', 'prompt', 'hint', 'problem', 'reason', 'problem.x', 'reason.x']) {
    const key = family.endsWith('.x') ? `${family}.do` : `${family}.of_the_future`;
    for (const lang of languages) assert.ok(Object.values(TEXTS[lang]).includes((await load(lang))(key)), `${lang} ${key}`);
  }
});

test('a language that cannot be fetched leaves the English', async () => {
  const hook = "export const resolve = (name, context, next) => { if (/gone/.test(context.parentURL ?? '')) if (/hi\\.js/.test(name)) throw new Error('gone'); return next(name, context); };";
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
  const other = await import('../../web_demo/strings/index.js?gone');
  assert.equal((await other.load('hi')).lang, 'en');
  assert.equal((await other.load('de')).lang, 'de');
});

// --- No text outside strings/ ---

const CODE = readdirSync(new URL('web_demo/', ROOT)).filter((name) => name.endsWith('.js'));
const ts = typescript();

function typescript() {
  try {
    return createRequire(new URL('web_demo/package.json', ROOT))('typescript');
  } catch {
    return null; // npm ci was not run
  }
}

/** Properties, attributes and calls through which a person reads something. */
const READ = /^(textContent|innerText|innerHTML|outerHTML|nodeValue|data|title|alt|placeholder|label|text|summary|ariaLabel|ariaDescription|ariaValueText|ariaRoleDescription|aria-(label|description|valuetext|roledescription|placeholder))$/;
const APPEND = /^(append|prepend|before|after|replaceChildren|replaceWith|createTextNode|insertAdjacentText|Text|SpeechSynthesisUtterance|announce|say|speak|alert|confirm|Option)$/;
const SENTENCE = /^\p{Lu}\p{Ll}*( \p{L}+)+[.,:!?…]?/u;
const ERROR = /Error$/;
/** A text in any language: a word of two letters at least (marks such as × and ✓ are none). */
const isText = (value) => /\p{L}{2}/u.test(value);

/** Lines of `source` with a text a person reads that does not come from the words function. */
function textsIn(source) {
  const file = ts.createSourceFile('x.js', source, ts.ScriptTarget.Latest, true);
  const found = new Map();
  const note = (node, value) => found.set(file.getLineAndCharacterOfPosition(node.getStart()).line + 1, value);
  const visit = (node) => {
    for (const value of sinks(node)) for (const text of literals(value)) if (isText(text.text)) note(text, text.text);
    if (isLiteral(node) && !inError(node) && (SENTENCE.test(node.text) || isEnglish(node))) note(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found].map(([line, text]) => `${line}: ${text}`);
}

const isLiteral = (node) => ts.isStringLiteralLike(node) || [ts.SyntaxKind.TemplateHead, ts.SyntaxKind.TemplateMiddle, ts.SyntaxKind.TemplateTail].includes(node.kind);
/** `'Start'`, where 'Start' is a text of the button; names of properties and attributes in lower case are others. */
const isEnglish = (node) => /^\p{Lu}/u.test(node.text) && Object.values(english).includes(node.text);
/** What a developer reads: the message of an exception. */
const inError = (node) => !!ts.findAncestor(node, (up) => ts.isNewExpression(up) && ERROR.test(up.expression.getText()));
const nameOf = (node) => (ts.isPropertyAccessExpression(node) ? node.name.text : ts.isIdentifier(node) ? node.text : '');

/** Expressions under this node whose value a person reads. */
function sinks(node) {
  if (ts.isBinaryExpression(node) && /^\+?=$/.test(node.operatorToken.getText()) && READ.test(nameOf(node.left))) return [node.right];
  if (ts.isPropertyAssignment(node) && READ.test(node.name.text ?? '')) return [node.initializer];
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
  const [first, ...rest] = node.arguments ?? [];
  const name = nameOf(node.expression);
  if (/^setAttribute/.test(name)) return [first, ...rest].some((word) => word && ts.isStringLiteralLike(word) && READ.test(word.text)) ? rest : [];
  return APPEND.test(name) ? [first, ...rest].filter(Boolean) : [];
}

/** Literals that a value may consist of; those inside a call are that function's business. */
function literals(node) {
  if (isLiteral(node)) return [node];
  if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isFunctionLike(node) || ts.isElementAccessExpression(node)) return [];
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  return ts.isObjectLiteralExpression(node) ? [] : node.getChildren().flatMap(literals);
}

const noParser = ts ? false : 'typescript is not installed (npm ci in web_demo)';

test('the search for texts finds them', { skip: noParser }, () => {
  const wrong = [
    'node.textContent = "Cancel"', "node.setAttribute('aria-label', 'Close')", 'node.title = late ? words("a.b") : "too late"',
    'node.append("go on")', 'make("p", "Look at the camera")', 'make("button", { title: `${n} left` })', 'node.textContent += ` of ${n}`',
    'const TEXT = { busy: "Connecting…" }', 'document.createTextNode("hi there")', 'new SpeechSynthesisUtterance("left")', "make('p', 'Try again')",
  ];
  none(wrong.filter((source) => textsIn(source).length !== 1));
  const right = [
    'node.textContent = words("button.cancel")', "node.setAttribute('class', 'wide open')", 'node.append(make("p"), words(`reason.${hint}`))',
    'throw new TypeError("Give a signaling URL first")', 'node.textContent = "×"', 'path.setAttribute("d", "M 10 20 L 30 40")',
    'node.title = texts[late ? "a.b" : "c.d"]', 'sheet.replaceSync(".part { color: red; margin: 0 auto }")', 'emit("cancel", { detail: null })',
  ];
  none(right.flatMap(textsIn));
});

test('no text that a person reads stands outside strings/', { skip: noParser }, () => {
  none(CODE.flatMap((name) => textsIn(read(`web_demo/${name}`)).map((line) => `${name}:${line}`)));
});

/** Keys that the code names: whole ones, and what stands before the first value of a composed one. */
function named(source) {
  const keys = [];
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) && KEY.test(node.text)) keys.push(node.text);
    if (ts.isTemplateExpression(node) && KEY.test(`${node.head.text}x`)) keys.push(`${node.head.text}*`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.js', source, ts.ScriptTarget.Latest, true));
  return keys;
}

const KEY = new RegExp(`^(${[...new Set(KEYS.map((key) => key.split('.')[0]))].join('|')})\\.[\\w.-]+$`);

test('every key that the element names exists', { skip: noParser }, () => {
  const known = (key) => (key.endsWith('*') ? KEYS.some((have) => have.startsWith(key.slice(0, -1))) : key in english);
  none(CODE.flatMap((name) => named(read(`web_demo/${name}`)).filter((key) => !known(key)).map((key) => `${name}: ${key}`)));
});

test('every text is named somewhere in the element', { skip: noParser }, () => {
  const uses = CODE.flatMap((name) => named(read(`web_demo/${name}`)));
  const used = (key) => uses.some((use) => (use.endsWith('*') ? key.startsWith(use.slice(0, -1)) : use === key));
  none(KEYS.filter((key) => !used(key)));
});
