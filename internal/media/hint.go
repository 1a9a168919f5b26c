package media

import (
	"io"
	"math"
	"time"

	"github.com/bep/imagemeta"

	"gezhi/internal/clock"
)

// Hint is where and when a picture was taken, as its camera wrote it: anybody can write something
// else. The zero Hint says nothing.
type Hint struct {
	Lon, Lat float64   // degrees, WGS-84 as cameras write it
	Placed   bool      // Lon and Lat say something
	TakenAt  time.Time // where the camera named no zone, China Standard Time
}

// Says tells whether there is any hint.
func (h Hint) Says() bool { return h.Placed || !h.TakenAt.IsZero() }

// sources are the formats that hints are read from.
var sources = map[string]imagemeta.ImageFormat{"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/webp": imagemeta.WebP}

// wanted are the tags of EXIF that are read; whatever else a camera wrote is never looked at.
var wanted = map[string]bool{"Orientation": true, "DateTimeOriginal": true, "OffsetTimeOriginal": true,
	"GPSLatitude": true, "GPSLatitudeRef": true, "GPSLongitude": true, "GPSLongitudeRef": true}

// readHint reads how a picture was held, where and when. What cannot be read says nothing.
func (f *Facts) readHint(r io.ReaderAt, size int64) {
	format, ok := sources[f.Type]
	if !ok {
		return
	}
	var tags imagemeta.Tags
	_, err := imagemeta.Decode(imagemeta.Options{R: io.NewSectionReader(r, 0, size), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return wanted[t.Tag] },
		HandleTag:       func(t imagemeta.TagInfo) error { tags.Add(t); return nil },
		Timeout:         2 * time.Second, LimitNumTags: 2000, LimitTagSize: 1000})
	if err != nil {
		return
	}
	exif := tags.EXIF()
	if turn, ok := whole(exif["Orientation"].Value); ok && turn >= 1 && turn <= 8 {
		f.Turn = turn
	}
	if lat, lon, err := tags.GetLatLong(); err == nil && (lat != 0 || lon != 0) && math.Abs(lat) <= 90 && math.Abs(lon) <= 180 {
		f.Hint.Lat, f.Hint.Lon, f.Hint.Placed = lat, lon, true
	}
	if at, ok := exif["DateTimeOriginal"].Value.(string); ok {
		f.Hint.TakenAt = takenAt(at, exif["OffsetTimeOriginal"].Value)
	}
}

// takenAt reads a moment of EXIF ("2026:03:02 09:30:00") with the zone beside it ("+08:00").
func takenAt(text string, zone any) time.Time {
	const layout = "2006:01:02 15:04:05"
	if z, ok := zone.(string); ok {
		if t, err := time.Parse(layout+"-07:00", text+z); err == nil {
			return sane(t)
		}
	}
	t, err := time.ParseInLocation(layout, text, clock.CST)
	if err != nil {
		return time.Time{}
	}
	return sane(t)
}

// sane drops moments before there were such cameras, which clocks without a battery tell.
func sane(t time.Time) time.Time {
	if t.Year() < 1990 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.UTC()
}

// whole reads a whole number of any type.
func whole(v any) (int, bool) {
	switch n := v.(type) {
	case uint16:
		return int(n), true
	case uint32:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}
