// The API document as a page.  Text only ever becomes text nodes.
'use strict';
const el = (tag, props = {}, ...kids) => {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) node[k] = v;
  node.append(...kids.filter((k) => k !== null && k !== undefined));
  return node;
};

let doc;
const resolve = (x) => {
  while (x && x.$ref) x = x.$ref.slice(2).split('/').reduce((o, k) => o[k.replaceAll('~1', '/')], doc);
  return x;
};

const typeOf = (s) => {
  if (!s) return '';
  if (s.$ref) return s.$ref.split('/').pop();
  if (s.anyOf) return s.anyOf.map(typeOf).join(' or ');
  if (s.enum) return s.enum.map((v) => JSON.stringify(v)).join(' | ');
  const t = [].concat(s.type ?? 'any').join(' or ');
  if (s.items) return `${typeOf(s.items)}[]`;
  const limits = [];
  if (s.minimum !== undefined || s.maximum !== undefined) limits.push(`${s.minimum ?? ''}…${s.maximum ?? ''}`);
  if (s.maxLength !== undefined) limits.push(`${s.minLength ?? 0}…${s.maxLength} characters`);
  return [t, s.format, ...limits].filter(Boolean).join(', ');
};

const table = (rows) => el('table', {}, el('tbody', {}, ...rows.map(([name, type, text, must]) =>
  el('tr', {}, el('td', {}, el('code', { textContent: name + (must ? ' *' : '') })), el('td', { textContent: type }), el('td', { textContent: text ?? '' })))));

const fields = (schema, depth = 0) => {
  const s = resolve(schema);
  if (!s?.properties) return el('p', { textContent: typeOf(schema) });
  const box = el('div', {}, table(Object.entries(s.properties).map(([k, v]) => [k, typeOf(v), v.description, s.required?.includes(k)])));
  for (const v of Object.values(s.properties)) {
    const inner = v.$ref ? v : v.items?.$ref ? v.items : v.anyOf?.find((x) => x.$ref);
    if (inner && depth < 3) box.append(el('h3', { textContent: typeOf(inner) }), fields(inner, depth + 1));
  }
  return box;
};

const section = (title, node) => [el('h3', { textContent: title }), node];

const operation = (path, method, op) => {
  const body = el('div');
  const box = el('details', { id: op.operationId },
    el('summary', {}, el('span', { className: `method ${method}`, textContent: method.toUpperCase() }), el('code', { textContent: path }), el('span', { className: 'what', textContent: op.summary })), body);
  box.addEventListener('toggle', () => {
    if (!box.open || body.firstChild) return;
    if (op['x-permissions']) body.append(el('p', { textContent: `Needs one of: ${op['x-permissions'].join(', ')}` }));
    const parameters = (op.parameters ?? []).map(resolve);
    if (parameters.length) body.append(...section('Parameters', table(parameters.map((p) => [p.name, `${p.in}, ${typeOf(p.schema)}`, p.description, p.required]))));
    const request = op.requestBody?.content?.['application/json'];
    if (request) body.append(...section(`Body: ${typeOf(request.schema)}`, fields(request.schema)));
    else if (op.requestBody) body.append(...section('Body', el('p', { textContent: Object.keys(op.requestBody.content).join(', ') })));
    for (const [status, r] of Object.entries(op.responses)) {
      const answer = resolve(r), schema = answer.content?.['application/json']?.schema;
      body.append(el('h3', { textContent: `${status} ${answer.description}` }));
      if (schema) body.append(fields(schema));
    }
  });
  return box;
};

const show = (word) => {
  const groups = new Map(doc.tags.map((t) => [t.name, []]));
  for (const [path, ops] of Object.entries(doc.paths))
    for (const [method, op] of Object.entries(ops))
      if (`${path} ${op.operationId} ${op.summary}`.toLowerCase().includes(word)) groups.get(op.tags[0]).push(operation(path, method, op));
  const shown = [...groups].filter(([, ops]) => ops.length);
  document.getElementById('tags').replaceChildren(...shown.map(([name]) => el('a', { href: `#${encodeURIComponent(name)}`, textContent: name })));
  document.getElementById('operations').replaceChildren(...shown.flatMap(([name, ops]) => [el('h2', { id: encodeURIComponent(name), textContent: name }), ...ops]));
};

const start = async () => {
  const answer = await fetch('/api/openapi.json');
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  doc = await answer.json();
  document.getElementById('title').textContent = `${doc.info.title} ${doc.info.version}`;
  document.getElementById('about').textContent = doc.info.description;
  const find = document.getElementById('find');
  find.addEventListener('input', () => show(find.value.trim().toLowerCase()));
  show('');
};
start().catch((e) => { document.getElementById('operations').textContent = `The document could not be loaded: ${e.message}`; });
