// Shows /api/openapi.json as a page to read: no library, nothing from elsewhere.
const doc = await (await fetch('/api/openapi.json')).json()
const main = document.getElementById('doors')
const find = document.getElementById('find')
document.getElementById('about').textContent = doc.info.description ?? ''

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}
const nameOf = (ref) => ref.split('/').pop()
const resolve = (schema) => (schema?.$ref ? (doc.components?.schemas?.[nameOf(schema.$ref)] ?? {}) : (schema ?? {}))

/** A schema as a sketch of the JSON it describes. */
function sketch(schema, indent = '', seen = []) {
  if (!schema) return 'any'
  if (schema.$ref) {
    const name = nameOf(schema.$ref)
    if (seen.includes(name)) return name
    return sketch(resolve(schema), indent, [...seen, name])
  }
  const ways = schema.oneOf ?? schema.anyOf
  if (ways) return ways.map((way) => sketch(way, indent, seen)).join(' | ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.type === 'array') return `[ ${sketch(schema.items, indent, seen)} ]`
  if (schema.properties) {
    const inner = indent + '  '
    const required = new Set(schema.required ?? [])
    const lines = Object.entries(schema.properties).map(
      ([name, value]) => `${inner}${name}${required.has(name) ? '' : '?'}: ${sketch(value, inner, seen)}`,
    )
    return `{\n${lines.join('\n')}\n${indent}}`
  }
  if (schema.type === 'object') return '{ … }'
  return Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any')
}

function door(path, method, operation) {
  const parameters = (operation.parameters ?? []).map((parameter) =>
    make('tr', {}, make('td', {}, make('code', {}, parameter.name)), make('td', {}, parameter.in), make('td', {}, sketch(parameter.schema))),
  )
  const body = operation.requestBody?.content?.['application/json']?.schema
  const answers = Object.entries(operation.responses ?? {}).flatMap(([status, answer]) => {
    const content = Object.values(answer.content ?? {})[0]?.schema
    return [make('h3', {}, `${status} — ${answer.description}`), content && Number(status) < 300 ? make('pre', {}, sketch(content)) : null]
  })
  return make(
    'details', { 'data-words': `${method} ${path} ${operation.description ?? ''} ${operation.summary ?? ''}`.toLowerCase() },
    make('summary', {}, make('span', { class: 'method' }, method.toUpperCase()), make('code', {}, path), make('span', { class: 'said' }, (operation.description ?? operation.summary ?? '').split('\n')[0])),
    operation.description ? make('p', {}, operation.description) : null,
    parameters.length ? make('h3', {}, 'Parameters') : null,
    parameters.length ? make('table', {}, ...parameters) : null,
    body ? make('h3', {}, 'Body') : null,
    body ? make('pre', {}, sketch(body)) : null,
    ...answers,
  )
}

const groups = new Map()
for (const [path, operations] of Object.entries(doc.paths))
  for (const [method, operation] of Object.entries(operations)) {
    if (typeof operation !== 'object' || !operation.responses) continue
    const tag = operation.tags?.[0] ?? 'other'
    if (!groups.has(tag)) groups.set(tag, [])
    groups.get(tag).push(door(path, method, operation))
  }
main.replaceChildren(
  ...[...groups].sort(([a], [b]) => a.localeCompare(b)).map(([tag, doors]) => make('section', {}, make('h2', {}, tag), ...doors)),
)
find.addEventListener('input', () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const details of main.querySelectorAll('details'))
    details.hidden = !words.every((word) => details.dataset.words.includes(word))
  for (const section of main.querySelectorAll('section')) section.hidden = !section.querySelector('details:not([hidden])')
})
