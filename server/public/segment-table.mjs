import { html, useEffect, useRef, useState } from './vendor/preact.mjs'
import { breakable } from './breakable.mjs'
import { resourceOf, titleOfKey, whyUnreachable } from './resource.mjs'
import { formatAge, formatBytes, formatRate, formatTime } from './units.mjs'

/** Fewer can be found without help. */
const MANY = 8
const COLUMNS = ['Size', 'Version', 'Age', 'Writer', 'Rate']

// The roles are those that the elements have anyway, until a style sheet makes something else of them on a phone.
/** All segments, one to a line. */
export function SegmentTable ({ list, selected }) {
  const [filter, setFilter] = useState('')
  const { segments } = list
  const shown = segments.filter(segment => titleOf(segment).toLowerCase().includes(filter.trim().toLowerCase()))
  return html`
    <section class="card segments" aria-labelledby="segments-title">
      <div class="card-head">
        <h2 id="segments-title">Segments <span class="count">${segments.length}</span></h2>
        ${segments.length > MANY && html`
          <input type="search" aria-label="Filter by name" placeholder="Filter by name" value=${filter} onInput=${event => setFilter(event.target.value)} />`}
      </div>
      <table role="table" aria-labelledby="segments-title">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Name</th>
            ${COLUMNS.map(name => html`<th role="columnheader" scope="col" class="number">${name}</th>`)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${shown.map(segment => html`<${Row} key=${segment.id} segment=${segment} list=${list} isSelected=${segment.id === selected?.segment.id} />`)}
        </tbody>
      </table>
      ${shown.length === 0 && html`<p class="empty">${segments.length === 0 ? 'There are no segments yet.' : 'No segment has such a name.'}</p>`}
    </section>`
}

function Row ({ segment, list, isSelected }) {
  const { length, capacity, version, committedAt, writerPid, rate } = segment
  const row = useRef(null)
  useEffect(() => { if (isSelected) row.current.scrollIntoView({ block: 'nearest' }) }, [isSelected])
  const cells = [
    [formatBytes(length), `${length} of ${capacity} bytes`],
    [version],
    [formatAge(list.ageOf(committedAt)), formatTime(committedAt)],
    [writerPid ?? '–', 'process id of who wrote it last'],
    [formatRate(rate)]
  ]
  return html`
    <tr role="row" ref=${row} class=${[isSelected && 'selected', rate > 0 && 'busy', version === 0 && 'blank'].filter(Boolean).join(' ')}>
      <th role="rowheader" scope="row"><${Name} segment=${segment} isSelected=${isSelected} /></th>
      ${cells.map(([text, title], i) => html`<td role="cell" class="number" data-label=${COLUMNS[i]} title=${title}>${text}</td>`)}
    </tr>`
}

function Name ({ segment, isSelected }) {
  const resource = resourceOf(segment)
  if (resource === null) return html`<span class="unnamed">${breakable(titleOf(segment))} <small>${whyUnreachable(segment)}</small></span>`
  return html`
    <a href=${resource.hash} aria-current=${isSelected ? 'true' : null}>${breakable(resource.title)}</a>
    ${segment.default && html` <span class="badge" title="The segment of /read, /write and /watch">default</span>`}`
}

const titleOf = ({ name, key }) => name ?? titleOfKey(key)
