//go:build tools

// Package tools names the programs to build, so that `go mod tidy` pins what they import.
package tools

import (
	_ "github.com/ethereum/go-ethereum/cmd/geth"
	_ "github.com/ethereum/go-ethereum/cmd/puppeth"
)
