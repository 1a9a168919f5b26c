package pack

import (
	"bytes"
	"fmt"
	"html"
	"slices"

	"gezhi/internal/workflow"
)

// Measures of the drawing, in pixels.
const (
	fontSize  = 14
	lineStep  = 20
	boxPad    = 12
	rowGap    = 34
	laneStep  = 26
	topMargin = 64
)

// phaseColours fill the boxes; each is light enough for black text.
var phaseColours = map[workflow.Phase]string{
	workflow.Waiting: "#fff3d6", workflow.Working: "#dcebff", workflow.Verifying: "#e9e0fa",
	workflow.Rating: "#d9f3f0", workflow.Closed: "#e6e8eb",
}

// textWidth estimates the width of s: a Chinese character takes the font size, a Latin one
// a little more than half.
func textWidth(s string) int {
	w := 0
	for _, r := range s {
		if r > 0x2e80 {
			w += fontSize
		} else {
			w += 8
		}
	}
	return w
}

type box struct{ x, y, w, h int }

// layout places one step per row in the order of the pack, which is the order people tell
// it in. An edge to the next row goes straight down with its label in the gap; every other
// edge gets a lane of its own, forward ones on the right, returning ones on the left.
type layout struct {
	g           *graph
	boxes       []box
	left, right []int // edges by lane, the innermost first
	clear       int   // how far labels of straight edges reach beyond the boxes
	width       int
	height      int
}

func (g *graph) layout() *layout {
	l := &layout{g: g}
	wide := 160
	for _, n := range g.nodes {
		wide = max(wide, textWidth(n.label)+2*boxPad)
		for _, s := range n.stays {
			wide = max(wide, textWidth(s)+2*boxPad+14)
		}
	}
	for i, e := range g.edges {
		switch {
		case e.to == e.from+1:
		case e.to > e.from:
			l.right = append(l.right, i)
		default:
			l.left = append(l.left, i)
		}
	}
	// Short spans lie inside, so that lanes cross as little as they can.
	span := func(i, j int) int {
		return abs(g.edges[i].to-g.edges[i].from) - abs(g.edges[j].to-g.edges[j].from)
	}
	slices.SortStableFunc(l.left, span)
	slices.SortStableFunc(l.right, span)
	x, y := 24+l.laneWidth(l.left), topMargin
	for i, n := range g.nodes {
		h := lineStep + 2*boxPad - 4 + len(n.stays)*lineStep
		l.boxes = append(l.boxes, box{x, y, wide, h})
		gap := rowGap
		for _, e := range g.edges {
			if e.from == i && e.to == i+1 {
				gap = max(gap, rowGap+len(e.labels)*lineStep)
			}
		}
		y += h + gap
	}
	for _, e := range g.edges {
		for _, s := range e.labels {
			if e.to == e.from+1 {
				l.clear = max(l.clear, 10+textWidth(s)-wide/2)
			}
		}
	}
	l.width = x + wide + l.clear + l.laneWidth(l.right) + 24
	l.height = y + len(g.notes)*lineStep + 16
	return l
}

func abs(n int) int { return max(n, -n) }

// laneWidth is the room lanes and their labels take.
func (l *layout) laneWidth(lanes []int) int {
	w := 0
	for _, i := range lanes {
		w += laneStep
		for _, s := range l.g.edges[i].labels {
			w = max(w, laneStep*2+textWidth(s))
		}
	}
	longest := 0
	for _, i := range lanes {
		for _, s := range l.g.edges[i].labels {
			longest = max(longest, textWidth(s))
		}
	}
	return min(w, len(lanes)*laneStep) + longest + laneStep
}

func (g *graph) svg() []byte {
	l := g.layout()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="'Noto Sans SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif" font-size="%d">`+"\n", l.width, l.height, l.width, l.height, fontSize)
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#44505c"/></marker></defs>` + "\n")
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#ffffff"/><text x="24" y="36" font-size="20" font-weight="600">%s</text>`+"\n", html.EscapeString(g.title))
	for i := range g.edges {
		if e := &g.edges[i]; e.to == e.from+1 {
			l.straight(&b, e)
		}
	}
	left, right := flank{sign: -1, ends: map[int]int{}}, flank{sign: 1, ends: map[int]int{}}
	for lane, i := range l.left {
		l.side(&b, &g.edges[i], lane, &left)
	}
	for lane, i := range l.right {
		l.side(&b, &g.edges[i], lane, &right)
	}
	for i := range g.nodes {
		l.box(&b, i)
	}
	for i, n := range g.notes {
		fmt.Fprintf(&b, `<text x="24" y="%d" fill="#44505c">%s</text>`+"\n", l.height-16-(len(g.notes)-1-i)*lineStep, html.EscapeString(n))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (l *layout) box(b *bytes.Buffer, i int) {
	n, x := l.g.nodes[i], l.boxes[i]
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="8" fill="%s" stroke="#44505c"/>`, x.x, x.y, x.w, x.h, phaseColours[n.phase])
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" font-weight="600">%s</text>`+"\n", x.x+x.w/2, x.y+boxPad+fontSize-1, html.EscapeString(n.label))
	for j, s := range n.stays {
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="#44505c" font-size="13">• %s</text>`+"\n", x.x+boxPad, x.y+boxPad+fontSize+(j+1)*lineStep, html.EscapeString(s))
	}
}

func dash(automatic bool) string {
	if automatic {
		return ` stroke-dasharray="6 4"`
	}
	return ""
}

// straight draws an edge to the next row.
func (l *layout) straight(b *bytes.Buffer, e *graphEdge) {
	from, to := l.boxes[e.from], l.boxes[e.to]
	x, y := from.x+from.w/2, from.y+from.h
	fmt.Fprintf(b, `<path d="M%d %dV%d" fill="none" stroke="#44505c"%s marker-end="url(#tip)"/>`+"\n", x, y, to.y-1, dash(e.automatic))
	for i, s := range e.labels {
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x+10, y+fontSize+8+i*lineStep, html.EscapeString(s))
	}
}

// flank is what is drawn beside the boxes on one side.
type flank struct {
	sign   int         // -1 is the left
	ends   map[int]int // ends of edges at each box
	placed [][2]int    // heights that labels take
}

// room finds the place nearest to y where a label of that height lies over no other, and
// takes it. The result is the top.
func (f *flank) room(y, height int) int {
	for off := 0; ; off++ {
		for _, top := range []int{y + off*5, y - off*5} {
			free := top > topMargin-lineStep && !slices.ContainsFunc(f.placed, func(p [2]int) bool { return top < p[1] && p[0] < top+height })
			if free {
				f.placed = append(f.placed, [2]int{top, top + height})
				return top
			}
		}
	}
}

// side draws an edge in its lane. Ends at one box are spread; the label stands outside all
// lanes, with a fine line to its own.
func (l *layout) side(b *bytes.Buffer, e *graphEdge, lane int, f *flank) {
	from, to, sign := l.boxes[e.from], l.boxes[e.to], f.sign
	edge := func(x box) int {
		if sign < 0 {
			return x.x
		}
		return x.x + x.w
	}
	spread := func(node int) int {
		f.ends[node]++
		return min(l.boxes[node].h-8, 6+f.ends[node]*9)
	}
	y1, y2 := from.y+spread(e.from), to.y+spread(e.to)
	start, lanes, anchor := edge(from), len(l.left), "end"
	if sign > 0 {
		start, lanes, anchor = start+l.clear, len(l.right), "start"
	}
	x := start + sign*(laneStep*(lane+1))
	fmt.Fprintf(b, `<path d="M%d %dH%dV%dH%d" fill="none" stroke="#44505c" stroke-linejoin="round"%s marker-end="url(#tip)"/>`+"\n", edge(from), y1, x, y2, edge(to)+sign, dash(e.automatic))
	outer, height := start+sign*(laneStep*(lanes+1)-14), len(e.labels)*lineStep
	top := f.room((y1+y2-height)/2, height+6)
	for i, s := range e.labels {
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="%s">%s</text>`+"\n", outer, top+fontSize+1+i*lineStep, anchor, html.EscapeString(s))
	}
	if (outer-x)*sign > 6 {
		at := min(max(top+lineStep/2, min(y1, y2)), max(y1, y2))
		fmt.Fprintf(b, `<path d="M%d %dL%d %d" fill="none" stroke="#b4bcc4" stroke-dasharray="2 3"/>`+"\n", x, at, outer-sign*4, top+lineStep/2)
	}
}
