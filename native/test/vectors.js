'use strict'

// vectors.js VECTORS OUTPUT: the golden vectors as C++, for native/test/vectors.hpp. Run by the build.

const fs = require('node:fs')

const [, , input, output] = process.argv
const vectors = JSON.parse(fs.readFileSync(input, 'utf8'))

/** A literal of any bytes. */
const bytes = data => `"${Array.from(data, byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"sv`
const text = string => bytes(Buffer.from(string))
const hex = digits => bytes(Buffer.from(digits, 'hex'))
const list = (items, show) => `{${items.map(show).join(', ')}}`
/** Its type is that of the struct's fields, in their order. */
const struct = (...fields) => `{${fields.join(', ')}}`
const number = value => `${BigInt(value)}U`
const change = ([offset, digits]) => struct(number(offset), hex(digits))

const tables = {
  'Name kNames': list(vectors.names, ({ name, key }) => struct(text(name), key)),
  'std::string_view kInvalidNames': list(vectors.invalidNames, text),
  'File kFiles': list(vectors.ftok, ({ inode, device, project, key }) => struct(number(inode), number(device), project, key)),
  'Checksum kChecksums': list(vectors.crc32c, ({ data, crc }) => struct(hex(data), number(crc))),
  'Shape kShapes': list(vectors.shapes, ({ capacity, slots, stride, bytes }) => struct(...[capacity, slots, stride, bytes].map(number))),
  'Mark kMarks': list(vectors.writerMarks, ({ pid, namespaceInode, startTicks, mark }) =>
    struct(pid, number(namespaceInode), number(startTicks), number(`0x${mark}`))),
  'Range kVolatile': list(vectors.volatile, ([offset, length]) => struct(number(offset), number(length))),
  'Segment kSegments': list(vectors.segments, ({ what, name, capacity, slots, checksum, writes, bytes, minor, incarnation, value, image }) =>
    struct(text(what), text(name), number(capacity), number(slots), checksum, writes !== undefined,
      list(writes ?? [], ({ data, mediaType }) => struct(hex(data), text(mediaType))), number(bytes), number(minor), number(`0x${incarnation}`),
      number(value.version), hex(value.data), text(value.mediaType), number(value.writerPid), number(value.committedNs), list(image, change))),
  'Refusal kRefusals': list(vectors.refused, ({ what, base, open, read, changes }) =>
    struct(text(what), number(base), open !== undefined, text(open ?? read), list(changes, change)))
}

const lines = Object.entries(tables).map(([name, items]) => {
  const [type, variable] = name.split(' ')
  return `inline const std::vector<${type}> ${variable} = ${items};\n`
})
fs.writeFileSync(output, lines.join(''))
