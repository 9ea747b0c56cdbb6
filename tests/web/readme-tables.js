// The reference of web_demo/README.md, from the JSDoc of the element's class: `node tests/web/readme-tables.js` writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = new URL('../../web_demo/README.md', import.meta.url);
const CLASS = new URL('../../web_demo/face-liveness.js', import.meta.url);

const code = (text) => `\`${text}\``;
/** A cell ends at a pipe, so one within it is escaped. */
const row = (...cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) => [row(...head), row(...head.map(() => '---')), ...rows].join('\n');

/** The comment right before the class. */
export const classComment = (source) => source.split('\nexport class ')[0].split('/**').at(-1).split('*/')[0].replace(/^ \* ?/gm, '');

/** Tags of a comment as `{name, type, text}`; a tag goes on until the next one or an empty line. */
export function tags(comment, tag) {
  const found = comment.matchAll(new RegExp(`^@${tag} (?:\\{(.+?)\\} )?(\\S+)(?: - ([^]*?))?(?=\\n@|\\n\\n|\\s*$(?!\\n))`, 'gm'));
  return [...found].map(([, type = '', name, text = '']) => ({ name, type, text: text.replace(/\s+/g, ' ').trim() }));
}

/** Public properties and methods that have a comment: `{name, text}`; methods with their brackets. */
export function members(source) {
  const body = source.split('\nexport class ')[1];
  const found = body.matchAll(/^ {2,4}\/\*\*\s*((?:(?!\*\/)[^])*)\*\/\n {2,4}(?:this\.([a-z]\w*) = |(get |async )?([a-z]\w*)\()/gm);
  return [...found].map(([, comment, field, kind, name]) => ({
    name: field ?? (kind === 'get ' ? name : `${name}()`),
    text: comment.replace(/^\s*\* ?/gm, '').split(/\s*@\w+/)[0].replace(/\s+/g, ' ').trim(),
  })).filter(({ name, text }) => text && !/Callback\(\)$/.test(name));
}

/** An event's text begins with what its `detail` holds, where it holds anything. */
const event = ({ name, text }) => {
  const [, detail = '', when] = /^(?:(`\{.*?\}`)(?:: )?)?(.*)$/.exec(text);
  return row(code(name), detail, when);
};

/** How each table is made, by the name between its marks. */
export const TABLES = {
  attr: ({ comment }) => table(['attribute', 'type', 'what it does'], tags(comment, 'attr').map(({ name, type, text }) => row(code(name), type && code(type), text))),
  members: ({ source }) => table(['name', 'what it is'], members(source).map(({ name, text }) => row(code(name), text))),
  event: ({ comment }) => table(['event', '`detail`', 'when'], tags(comment, 'event').map(event)),
  slot: ({ comment }) => table(['slot', 'where'], tags(comment, 'slot').map(({ name, text }) => row(code(name), text))),
  csspart: ({ comment }) => table(['part', 'what it is'], tags(comment, 'csspart').map(({ name, text }) => row(code(name), text))),
  cssproperty: ({ comment }) => table(['property', 'what it colours or measures'], tags(comment, 'cssproperty').map(({ name, text }) => row(code(name), text))),
};

export const readme = () => readFileSync(README, 'utf8');
export const source = () => readFileSync(CLASS, 'utf8');

/** The README with its tables written anew. */
export function rendered(text, from) {
  const given = { source: from, comment: classComment(from) };
  return text.replace(/(<!-- table: (\w+) -->\n)[^]*?(<!-- end -->)/g, (_, open, name, close) => `${open}${TABLES[name](given)}\n${close}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(README, rendered(readme(), source()));
