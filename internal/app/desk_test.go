package app_test

import (
	"net/http"
	"slices"
	"testing"
)

// offer is what a case page offers somebody of an action; nil for nothing.
func (o office) offer(cookie, id, action string) map[string]any {
	o.Helper()
	w, v := o.send("GET", "/cases/"+id, cookie, nil)
	if w.Code != http.StatusOK {
		o.Fatal(w.Code, w.Body)
	}
	for _, x := range v["can"].([]any) {
		if x := x.(map[string]any); x["action"] == action {
			return x
		}
	}
	return nil
}

func asks(offer map[string]any, list, name string) map[string]any {
	for _, f := range offer[list].([]any) {
		if f := f.(map[string]any); f["name"] == name {
			return f
		}
	}
	return nil
}

// A dispatcher is shown whose duty the case is and why, and sends it there without an answer; what
// stands ready for a field is offered there; what decides about people is not done in one go. A
// view is kept for whoever made it, under one name once.
func TestADispatcherIsProposedTo(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			o := newOffice(t, engine)
			id := o.open()
			village := o.logIn("village")
			grade := asks(o.offer(village, id, "classify"), "also", "severity")
			if grade["known"] == nil {
				t.Errorf("the grade is known, and %v is asked", grade)
			}
			reply := asks(o.offer(village, id, "decline"), "asks", "reply")
			if texts, _ := reply["texts"].([]any); len(texts) == 0 {
				t.Errorf("no answer stands ready: %v", reply)
			}
			o.act("village", id, "classify", "judging", nil)
			dispatch := o.offer(village, id, "dispatch")
			handler := asks(dispatch, "also", "handler")
			first, _ := handler["proposed"].([]any)
			if len(first) == 0 || first[0].(map[string]any)["why"] == "" || first[0].(map[string]any)["holds"] != true || dispatch["batch"] != true {
				t.Errorf("nobody is proposed, or without a reason: %v", dispatch)
			}
			if down := o.offer(village, id, "decline"); down["batch"] == true || down["danger"] != true {
				t.Errorf("a refusal in one go: %v", down)
			}
			o.act("village", id, "dispatch", "assigned", nil)

			for _, queue := range []string{"overdue", "unassigned"} { // the second takes the name over
				if w, _ := o.send("POST", "/me/views", village, map[string]any{"name": " 今天  要看 ", "query": map[string]any{"queue": queue, "class": "incident/sample:0102"}}); w.Code != http.StatusCreated {
					t.Fatal(w.Code, w.Body)
				}
			}
			for body, want := range map[string]int{"nowhere": http.StatusUnprocessableEntity, "": http.StatusUnprocessableEntity} {
				if w, _ := o.send("POST", "/me/views", village, map[string]any{"name": body, "query": map[string]any{"queue": body}}); w.Code != want && w.Code != http.StatusBadRequest {
					t.Errorf("%q: %d %s", body, w.Code, w.Body)
				}
			}
			_, mine := o.send("GET", "/me/views", village, nil)
			views := mine["views"].([]any)
			if len(views) != 1 || views[0].(map[string]any)["name"] != "今天 要看" || views[0].(map[string]any)["query"].(map[string]any)["queue"] != "unassigned" {
				t.Fatalf("%v", views)
			}
			kept := views[0].(map[string]any)["id"].(string)
			street := o.logIn("street")
			if w, others := o.send("GET", "/me/views", street, nil); len(others["views"].([]any)) != 0 {
				t.Errorf("a view of somebody else: %s", w.Body)
			}
			codes := []int{}
			for _, who := range []string{street, village, village} {
				w, _ := o.send("DELETE", "/me/views/"+kept, who, nil)
				codes = append(codes, w.Code)
			}
			if !slices.Equal(codes, []int{404, 204, 404}) {
				t.Errorf("dropped: %v", codes)
			}
		})
	}
}
