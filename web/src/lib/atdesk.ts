// Whether somebody signed in at a desk in this browser: `/` then opens the desk. Only the server knows whether they still are.

const NAME = 'restow.desk'

export const usedAsDesk = (): boolean => localStorage.getItem(NAME) !== null
/** Signed in, and the page was left before it had put on what the person had chosen. */
export const arriving = (): boolean => localStorage.getItem(NAME) === 'arriving'

export function rememberDesk(used: boolean | 'arriving'): void {
  if (used) localStorage.setItem(NAME, used === true ? 'yes' : used)
  else localStorage.removeItem(NAME)
}
