// Names of people, units, areas and files chosen in this page's life, by id, so that a
// draft opened again shows what was chosen and not an id.
const known = new Map<string, string>()
export const remember = (id: string, name: string) => void known.set(id, name)
export const nameOf = (id: string): string => known.get(id) ?? id
/** all of them, for whoever keeps drafts */
export const allNames = (): [string, string][] => [...known]
