  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r10d
  movl %edx, %r11d
  cmpq %r10, %r11
  movq %r10, %rax
  cmovaeq %r11, %rax
  leaq 7(%rax), %rax
  cmpq 0x48(%rdi), %rax
  jnbe #trap=heap_oob
  movq 0x40(%rdi), %rax
  movl (%rax, %r11), %ecx
  movl 3(%rax, %r11), %edx
  movl %ecx, (%rax, %r10)
  movl %edx, 3(%rax, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x58(%rdi), %r8
  movq 0x48(%rdi), %rcx
  movl %esi, %eax
  leaq 0x30(%rax), %rsi
  cmpq %r8, %rsi
  jnbe #trap=heap_oob
  movl %edx, %edx
  leaq 0x30(%rdx), %rsi
  cmpq %rcx, %rsi
  jnbe #trap=heap_oob
  movq 0x40(%rdi), %rcx
  movdqu (%rcx, %rdx), %xmm0
  movdqu 0x10(%rcx, %rdx), %xmm1
  movdqu 0x20(%rcx, %rdx), %xmm2
  movq 0x50(%rdi), %rcx
  movdqu %xmm0, (%rcx, %rax)
  movdqu %xmm1, 0x10(%rcx, %rax)
  movdqu %xmm2, 0x20(%rcx, %rax)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %ecx
  movl %edx, %esi
  cmpq %rcx, %rsi
  movq %rcx, %r8
  cmovaeq %rsi, %r8
  movl $0x41, %edx
  leaq 0x41(%r8), %r8
  cmpq %rax, %r8
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %r9
  movq 0xc8(%r9), %r9
  movq 0x40(%rdi), %r10
  leaq (%r10, %rcx), %rdi
  leaq (%r10, %rsi), %rsi
  uninit  %rcx
  xorq %rcx, %rcx
  cmpq %rax, %r8
  cmovaq %rcx, %rdx
  call    *%r9
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %esi
  leaq 0xc(%rsi), %r8
  cmpq 0x48(%rdi), %r8
  jnbe #trap=heap_oob
  movq 0x40(%rdi), %rdi
  movq $0x0, (%rdi, %rsi)
  movl $0x0, 8(%rdi, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r8d
  leaq 5(%r8), %r9
  cmpq 0x48(%rdi), %r9
  jnbe #trap=heap_oob
  movzbl %dl, %r10d
  imull $0x1010101, %r10d, %r10d
  movq 0x40(%rdi), %r11
  movl %r10d, (%r11, %r8)
  movb %dl, 4(%r11, %r8)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r8d
  movq %r8, %rax
  cmpq 0x48(%rdi), %rax
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %rax
  movq 0xd0(%rax), %rax
  movq %r8, %rcx
  addq 0x40(%rdi), %rcx
  movq %rcx, %r8
  movl $0x1, %ecx
  uninit  %rdx
  xorq %rdx, %rdx
  movl %ecx, %esi
  movq %r8, %rdi
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

