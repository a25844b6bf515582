/**
 * Addresses, in the history API's own words: every screen has one that can be shared, Back goes where one was.
 * Clicks on plain links of this origin are taken over for the whole page, so a link is written as a link.
 */

// Node, where the tables of the floor are tested, has no address.
const here = () => (globalThis.location ? { path: location.pathname, search: location.search } : { path: '/', search: '' })
let current = $state.raw(here())

export const route = {
  get path(): string {
    return current.path
  },
  get query(): URLSearchParams {
    return new URLSearchParams(current.search)
  },
  /** The path's parts below the first: `/desk/returns/42` → ['returns', '42']. */
  get parts(): string[] {
    return current.path.split('/').filter(Boolean).slice(1).map(decodeURIComponent)
  },
}

export function go(address: string, how: { replace?: boolean } = {}): void {
  if (address === location.pathname + location.search) return
  if (how.replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  current = here()
}

/** Change some of the address's query: null or '' takes a name out. */
export function setQuery(changes: Record<string, string | null | undefined>, how: { replace?: boolean } = {}): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  go(location.pathname + (text ? `?${text}` : ''), how)
}

export function listen(): void {
  addEventListener('popstate', () => (current = here()))
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a')
    if (!link?.href || link.target || link.hasAttribute('download') || 'native' in link.dataset) return
    const address = new URL(link.href)
    if (address.origin !== location.origin || address.pathname.startsWith('/api/')) return
    if (address.hash && address.pathname === location.pathname) return
    event.preventDefault()
    go(address.pathname + address.search)
    scrollTo(0, 0)
  })
}
