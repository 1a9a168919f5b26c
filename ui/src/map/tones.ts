// How an area or a case stands, for whoever colours it.

/** nothing open; open and in time; due soon; late; of a grade that wakes people */
export type Tone = 'none' | 'calm' | 'soon' | 'late' | 'first'

/** A case on a map. Coarse: about here, where the exact place would tell whose it is. */
export interface MapPoint { id: string; lon: number; lat: number; tone: Tone; label: string; coarse?: boolean }
