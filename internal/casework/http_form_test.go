package casework

import (
	"reflect"
	"strings"
	"testing"

	"gezhi/internal/form"
)

// The description of the API names exactly the field types that there are, so that a face
// without a control for one of them does not compile.
func TestTheDescriptionNamesEveryFieldType(t *testing.T) {
	f, _ := reflect.TypeFor[FormJSON]().FieldByName("Type")
	if got, want := f.Tag.Get("enum"), strings.Join(form.Types(), ","); got != want {
		t.Errorf("enum:%q, not %q", got, want)
	}
}
