// Whether somebody signed in at a desk in this browser: `/` then opens the desk. Only the server knows whether they still are.

const NAME = 'restow.desk'

export const usedAsDesk = (): boolean => localStorage.getItem(NAME) !== null

export function rememberDesk(used: boolean): void {
  if (used) localStorage.setItem(NAME, 'yes')
  else localStorage.removeItem(NAME)
}
