// compress/flate and crypto: text is compressed, restored and hashed.
package main

import (
	"bytes"
	"compress/flate"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"programs/text"
)

func main() {
	document := []byte(strings.Join(text.Words(text.Argument()*100), " "))
	for _, level := range []int{1, 6} {
		var packed bytes.Buffer
		writer, _ := flate.NewWriter(&packed, level)
		writer.Write(document)
		writer.Close()
		length := packed.Len()
		restored, err := io.ReadAll(flate.NewReader(&packed))
		fmt.Println(len(document), length, bytes.Equal(document, restored), err)
	}
	fmt.Printf("%x %x\n", sha256.Sum256(document), md5.Sum(document))
}
