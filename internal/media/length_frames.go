package media

import (
	"bufio"
	"io"
)

// framesLength adds up what the frames of a recording last that has no container around them. head
// is how many bytes frame looks at; it gives the length of the frame that begins there, in bytes
// and in seconds, or 0 where none does. What is no frame is passed over byte by byte, as players
// pass over it: a recording does not become shorter by what lies between its frames.
func framesLength(r io.Reader, head int, frame func(b []byte) (bytes int, seconds float64)) (seconds float64) {
	b := bufio.NewReaderSize(r, 64<<10)
	for {
		peek, err := b.Peek(head)
		if err != nil {
			return seconds
		}
		n, lasts := frame(peek)
		seconds += lasts
		if _, err := b.Discard(max(n, 1)); err != nil {
			return seconds
		}
	}
}

// mpegLength is the length of MPEG audio, layer III, or of AAC behind a label (ID3). Every frame is
// counted: what the first one says of the others (Xing, VBRI) anybody can write.
func mpegLength(r io.ReaderAt, size int64) float64 {
	var head [10]byte
	if _, err := r.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return 0
	}
	from := int64(0)
	if string(head[:3]) == "ID3" {
		from = 10 + (int64(head[6]&127)<<21 | int64(head[7]&127)<<14 | int64(head[8]&127)<<7 | int64(head[9]&127))
	}
	if from >= size {
		return 0
	}
	return framesLength(io.NewSectionReader(r, from, size-from), 7, func(b []byte) (int, float64) {
		if n := mpegFrame(b); n > 0 {
			return n, mpegSeconds(b)
		}
		return adtsFrame(b)
	})
}

// mpegSeconds is how long a frame of layer III lasts: 1152 samples of MPEG 1, 576 of the later
// ones at half and a quarter of its rates.
func mpegSeconds(b []byte) float64 {
	hertz := float64(samples[b[2]>>2&3])
	switch b[1] >> 3 & 3 {
	case 3:
		return 1152 / hertz
	case 2:
		return 576 / (hertz / 2)
	}
	return 576 / (hertz / 4)
}

// The sample rates of AAC (ISO/IEC 14496-3, 1.6.3.4).
var aacRates = [16]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// adtsFrame is a frame of AAC as it is sent (ISO/IEC 13818-7, 6.2): one to four blocks of 1024
// samples.
func adtsFrame(b []byte) (int, float64) {
	if b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return 0, 0
	}
	n, hertz := int(b[3]&3)<<11|int(b[4])<<3|int(b[5])>>5, aacRates[b[2]>>2&15]
	if n < 7 || hertz == 0 {
		return 0, 0
	}
	return n, 1024 * float64(b[6]&3+1) / float64(hertz)
}

// The bytes that follow the first of a frame of AMR and of AMR-WB, by its type (3GPP TS 26.101 and
// 26.201); types that nobody has defined bring none.
var (
	amrBytes   = [16]int{12, 13, 15, 17, 19, 20, 26, 31, 5}
	amrWBBytes = [16]int{17, 23, 32, 36, 40, 46, 50, 58, 60, 5}
)

// amrLength counts frames of 20 milliseconds each, silence included (RFC 4867, 5).
func amrLength(r io.ReaderAt, size int64, head []byte) float64 {
	from, after := int64(len("#!AMR\n")), &amrBytes
	if len(head) > 5 && head[5] == '-' {
		from, after = int64(len("#!AMR-WB\n")), &amrWBBytes
	}
	return framesLength(io.NewSectionReader(r, from, size-from), 1, func(b []byte) (int, float64) {
		return 1 + after[b[0]>>3&15], 0.02
	})
}
